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

// Give a select its choices, [value, words], and choose one of them; what is no choice any more falls to the first.
export function options(select, choices, chosen) {
  const isThere = choices.some(([value]) => value === chosen);
  select.replaceChildren(...choices.map(([value, words]) => element('option', { value }, words)));
  select.value = isThere ? chosen : choices[0][0];
}
