"use strict";

// Closed at first: a hundred and fifty operations that are open make every click take seconds.
// No validator badge: it would send the description's address to a host outside.
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null,
    defaultModelsExpandDepth: 0,
    docExpansion: "none",
    onComplete: () => {
      document.documentElement.dataset.ready = "";
    },
  });
});
