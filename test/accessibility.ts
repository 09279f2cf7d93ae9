/** What a screen reader and a keyboard need of a page, checked by rules of our own. */
import type { Page } from 'playwright-core';

/**
 * Runs in the page. Text, because the project's own compiler settings know of no document here.
 * Names follow the first steps of the accessible name computation: aria-labelledby, aria-label, label, text, title.
 */
const RULES = `(() => {
  const faults = [];
  const say = (element, fault) => faults.push(fault + ': ' + element.outerHTML.slice(0, 160));
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[aria-hidden="true"]');
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const textOf = (element) => {
    let text = '';
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (node.nodeType === Node.ELEMENT_NODE && node.getAttribute('aria-hidden') !== 'true')
        text += node.getAttribute('aria-label') ?? textOf(node);
    }
    return text;
  };
  const nameOf = (element) => {
    const ids = element.getAttribute('aria-labelledby');
    if (ids) return ids.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim();
    const given = element.getAttribute('aria-label') ?? [...(element.labels ?? [])].map(textOf).join(' ');
    return (given || textOf(element) || element.getAttribute('title') || '').trim();
  };
  const INTERACTIVE = 'button, a[href], input, select, textarea, summary, [tabindex="0"]';
  for (const element of all(INTERACTIVE + ', [role=img], [role=progressbar], [role=dialog], section')) {
    if (nameOf(element) === '') say(element, 'has no name');
  }
  for (const element of all('button button, button a, a a, a button, label button')) say(element, 'stands in another control');
  for (const element of document.querySelectorAll('img:not([alt])')) say(element, 'has no alt');
  for (const element of document.querySelectorAll('[tabindex]')) if (element.tabIndex > 0) say(element, 'changes the order of focus');
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
    for (const element of all('[' + attribute + ']')) {
      for (const id of element.getAttribute(attribute).split(' ')) {
        // What a closed popover controls is not there yet.
        if (document.getElementById(id) === null && element.getAttribute('aria-expanded') !== 'false') say(element, attribute + ' leads nowhere');
      }
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push('id given twice: ' + id);
  // All but an open dialog is hidden from a screen reader, and a dialog begins with its own title.
  const dialog = document.querySelector('[role=dialog][data-state=open]:has(h2)');
  let level = dialog === null ? 0 : 1;
  for (const heading of all('h1, h2, h3, h4')) {
    const next = Number(heading.localName[1]);
    if (next > level + 1) say(heading, 'skips a level of headings');
    level = next;
  }
  if (dialog === null && all('h1').length !== 1) faults.push('the page has not one first heading');
  if (dialog === null && all('main, [role=main]').length !== 1) faults.push('the page has not one main part');
  if (document.documentElement.lang === '' || document.title === '') faults.push('the page has no language or no title');
  for (const element of all('ul, ol')) {
    for (const child of element.children) if (child.localName !== 'li') say(child, 'stands in a list and is no item');
  }
  return faults;
})()`;

/** Text that stands out too little from what is behind it; WCAG 2.2, 1.4.3, level AA. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const behind = (element) => {
    const layers = [];
    for (let at = element; at !== null; at = at.parentElement) {
      const layer = parse(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest(':disabled, .sr-only, script, noscript, option')) continue;
    const style = getComputedStyle(element);
    const back = behind(element);
    const [a, b] = [luminance(over(parse(style.color), back)), luminance(back)].sort((x, y) => y - x);
    const size = Number.parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < needed) faults.push(ratio.toFixed(2) + ': ' + node.data.trim().slice(0, 60));
  }
  return faults;
})()`;

/** @returns what is wrong, in words; empty when nothing is */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // A colour on its way to another is not what a reader is left with.
  await page.evaluate(`Promise.allSettled(document.getAnimations()
    .filter((each) => each instanceof CSSTransition).map((each) => each.finished))`);
  const [rules, contrast] = [await page.evaluate<string[]>(RULES), await page.evaluate<string[]>(CONTRAST)];
  return [...rules, ...contrast.map((fault) => `too little contrast, ${fault}`)];
}

/** More than there is to focus before the content of any page. */
const MOST_TABS = 60;

/**
 * Presses the tabulator until something of a name is focused, from where the focus is.
 * @returns the names of what was focused, and whether that went down the page
 */
export async function tabTo(page: Page, wanted: string): Promise<{ names: string[]; inOrder: boolean }> {
  const names: string[] = [];
  let inOrder = true;
  await page.evaluate('window.previouslyFocused = undefined');
  while (names.at(-1) !== wanted && names.length < MOST_TABS) {
    await page.keyboard.press('Tab');
    const [name, follows] = await page.evaluate<[string, boolean]>(`(() => {
      const at = document.activeElement, before = window.previouslyFocused;
      window.previouslyFocused = at;
      const follows = before === undefined || (before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
      return [(at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent).trim(), follows];
    })()`);
    names.push(name);
    inOrder &&= follows;
  }
  return { names, inOrder };
}
