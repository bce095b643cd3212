// Another name for a draft: asked for over the page, checked by the server, in the version that was seen.

import { ask } from '../common/asking.js';
import { both, element } from '../common/dom.js';
import { dialog } from './dialog.js';

const LONGEST = 100; // LONGEST_NAME of geo/territory/plan_names.py

// `send(name)` gives the plan another name, or throws a Trouble; resolves once it has it, or all stays as it is.
export function rename(name, send) {
  const box = element('input', { name: 'name', required: true, maxlength: String(LONGEST), autocomplete: 'off', value: name });
  const line = element('label', {}, ...both('名称', 'name'), box);
  const asked = dialog({ zh: '方案改名', en: 'Rename the plan' }, [line], ['改名', 'Rename'], async (complain) => {
    try {
      await send(box.value.trim());
    } catch (trouble) {
      if (!trouble.kind) throw trouble;
      complain(trouble);
      return false;
    }
    return true;
  });
  box.select();
  return asked;
}

export const sent = (plan, name, version) => ask(`/plans/${plan}`, { method: 'PATCH', body: { name }, version });

// On a page that shows the plan as it was when it was read.
const place = document.querySelector('[data-renames]');
place?.addEventListener('click', async () => {
  const { renames, version, name } = place.dataset;
  if (await rename(name, (as) => sent(renames, as, Number(version)))) location.reload();
});
