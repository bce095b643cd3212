// Which plan this one is set beside: the one in force, or another one of the same ground.

import { ask } from '../common/asking.js';
import { both, element } from '../common/dom.js';

const MOST = 200;
const STREET_DIGITS = 9;

export async function mount(section, bench) {
  const choice = element('select', { id: 'beside' }, element('option', { value: '现行' }, '现行 in force'));
  const way = element('a', { class: 'plain', target: '_blank', rel: 'noopener' }, ...both('并排比较', 'side by side'));
  const lead = () => {
    const plans = `${choice.value},${bench.planId}`;
    way.setAttribute('href', `/compare?${new URLSearchParams({ plans })}`);
  };
  choice.addEventListener('change', lead);
  section.replaceChildren(
    element('h2', {}, ...both('比较', 'Compare')),
    element('label', { for: 'beside', class: 'hint' }, ...both('与这个方案并排,列出差别和谁换网格员', 'side by side, with a table of what differs')),
    element('div', { class: 'row' }, choice, way),
  );
  lead();
  try {
    const { scope } = document.body.dataset;
    const { items } = await ask(`/plans?${new URLSearchParams({ scope: scope.slice(0, STREET_DIGITS), limit: MOST })}`);
    const isHere = ({ scope_code: other }) => other.startsWith(scope) || scope.startsWith(other);
    const others = items.filter((plan) => plan.id !== bench.planId && plan.tier === 'grid' && !plan.department && isHere(plan));
    choice.append(...others.map((plan) => element('option', { value: plan.id }, `#${plan.id} ${plan.name}`)));
  } catch (trouble) {
    if (!trouble.kind) throw trouble; // without the list the plan in force is there to be compared with
  }
}
