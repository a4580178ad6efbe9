/** The report as one page that needs nothing else: no network, no script to be read, the same bytes every time. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ReportContent } from '../content.js';
import type { Section } from '../outline/blocks.js';
import { type Cover, coverOf } from '../outline/cover.js';
import { CONTROLS, outlineOf } from '../outline/outline.js';
import { readable } from './accent.js';
import { badge, blockMarkup, glyph } from './blocks.js';
import { element, escaped } from './markup.js';

/** Grounds of the two schemes, as page.css has them. */
const PAPER = { light: '#ffffff', dark: '#16191d' } as const;

const template = (name: string): string =>
  readFileSync(new URL(`../../../templates/report/${name}`, import.meta.url), 'utf8');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Style and script may run because they are these very bytes; nothing is loaded from anywhere (CSP Level 3). */
const policy = (style: string, script: string): string =>
  [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

const coverMarkup = (cover: Cover): string =>
  element(
    'header',
    { class: 'cover' },
    element('p', { class: 'organization' }, escaped(cover.organization)),
    element('h1', {}, escaped(cover.title)),
    element('p', { class: 'subtitle' }, escaped(cover.subtitle)),
    element('p', { class: 'period' }, escaped(cover.period)),
    element('p', { class: 'muted' }, escaped(cover.length)),
    element('p', { class: `status ${cover.final ? 'no_exceptions' : 'not_testable'}` }, escaped(cover.status)),
    ...cover.reasons.map((reason) => element('p', { class: 'muted reason' }, escaped(reason))),
    element(
      'dl',
      { class: 'facts' },
      ...cover.facts.map(({ label, text, code }) =>
        element(
          'div',
          {},
          element('dt', {}, escaped(label)),
          element('dd', { class: code ? 'code' : undefined }, escaped(text)),
        ),
      ),
    ),
    element('p', { class: 'caption' }, escaped(cover.note)),
  );

const isControl = (section: Section): boolean => section.control !== undefined;

const entry = ({ id, number, title, control }: Section): string =>
  control
    ? element('li', {}, element('a', { href: `#${id}`, title }, glyph(control.result), escaped(id)))
    : element('li', {}, element('a', { href: `#${id}` }, element('span', { class: 'number' }, number), escaped(title)));

/** Sections in order; the controls fold away under theirs. */
const contents = (sections: readonly Section[]): string => {
  const first = sections.findIndex(isControl);
  const plain = (part: readonly Section[]): string =>
    part
      .filter((section) => !isControl(section))
      .map(entry)
      .join('');
  const head = element(
    'a',
    { href: '#controls' },
    element('span', { class: 'number' }, CONTROLS.number),
    CONTROLS.title,
  );
  const controls =
    first < 0 ? '' : element('li', {}, head, element('ul', {}, ...sections.filter(isControl).map(entry)));
  const at = first < 0 ? sections.length : first;
  return element(
    'nav',
    { 'aria-label': 'Contents' },
    element('ul', {}, plain(sections.slice(0, at)), controls, plain(sections.slice(at))),
  );
};

const sectionMarkup = (section: Section): string => {
  const { number, title, id, lead, control, blocks } = section;
  const numbered = element('span', { class: 'number' }, number);
  if (!control) {
    return element(
      'section',
      { id },
      element('h2', {}, numbered, escaped(title)),
      lead === '' ? '' : element('p', { class: 'lead' }, escaped(lead)),
      ...blocks.map((block) => blockMarkup(block, 'h3')),
    );
  }
  return element(
    'section',
    { id, class: 'control' },
    element('h3', {}, numbered, escaped(title)),
    element(
      'p',
      { class: 'about' },
      badge(control.result),
      element('span', { class: 'id' }, escaped(control.id)),
      escaped(control.about),
    ),
    ...blocks.map((block) => blockMarkup(block, 'h4')),
  );
};

const bodyOf = (content: ReportContent, root: string): string => {
  const sections = outlineOf(content);
  const first = sections.findIndex(isControl);
  const parts = sections.map((section, i) => {
    const head =
      i === first
        ? element('h2', { id: 'controls' }, element('span', { class: 'number' }, CONTROLS.number), CONTROLS.title)
        : '';
    return head + sectionMarkup(section);
  });
  const sample = content.demo
    ? element('aside', { class: 'sample' }, 'SAMPLE DATA: made for a demonstration, evidence of nothing.')
    : '';
  return [
    sample,
    element(
      'div',
      { class: 'frame' },
      contents(sections),
      element('main', {}, coverMarkup(coverOf(content, root)), ...parts.map((part) => `${part}\n`)),
    ),
    element('footer', {}, escaped(content.report), ' · evidence root ', element('code', {}, root)),
  ].join('\n');
};

/**
 * The page. Equal content gives equal bytes.
 * @param root evidence root, hex
 */
export const reportPage = (content: ReportContent, root: string): string => {
  const colors = `:root{--accent-light:${readable(content.accent, PAPER.light)};--accent-dark:${readable(content.accent, PAPER.dark)}}`;
  const style = `${colors}\n${template('page.css')}`;
  const script = template('page.js');
  const title = `SOC 2 evidence report, ${content.organization}, ${content.period.label}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy(style, script))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${bodyOf(content, root)}
<script>${script}</script>
</body>
</html>
`;
};
