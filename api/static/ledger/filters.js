// An empty field of a filter says nothing: it is not sent.

for (const form of document.querySelectorAll('.filters')) {
  form.addEventListener('formdata', ({ formData }) => {
    [...formData].filter(([, value]) => !value).forEach(([name]) => formData.delete(name));
  });
}
