// Making elements. Every text becomes a text node: nothing that comes from the store can become markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

// Chinese first, English beside it.
export function both(zh, en) {
  return en ? [`${zh} `, element('span', { lang: 'en' }, en)] : [zh];
}

// A button that does something when it is pressed.
export function button(attributes, does, ...children) {
  const made = element('button', { type: 'button', ...attributes }, ...children);
  made.addEventListener('click', does);
  return made;
}
