import PdfKit from 'pdfkit';
import { visible } from '../visible.js';
import { FONTS, glyphsOf } from './fonts.js';
import {
  type FontName,
  type Frame,
  H1,
  H2,
  LEAD,
  lineStep,
  MUTED,
  PAPERS,
  type Paper,
  RULE,
  type TextStyle,
} from './style.js';
import { wrap } from './wrap.js';

type Doc = InstanceType<typeof PdfKit>;
/** A mark in the document's outline, under which others can stand. */
export type Bookmark = ReturnType<Doc['outline']['addItem']>;
export type Element = ReturnType<Doc['struct']>;

export interface SheetOptions {
  readonly title: string;
  readonly author: string;
  readonly subject: string;
  /** Printed in the file's information instead of the time of writing, so that equal input gives equal bytes. */
  readonly date: Date;
  readonly accent: string;
  readonly paper: Paper;
  /** Drawn large and pale beneath every page. */
  readonly watermark: string | null;
}

/** pdfkit writes the title into XML without escaping it. */
const plain = (text: string): string => text.replace(/[&<>]/g, ' ');

/**
 * The page as a surface with a cursor: text that wraps and never clips, page breaks where they are asked for,
 * outline and tags. Owns the pdfkit document.
 */
export class Sheet {
  readonly doc: Doc;
  readonly accent: string;
  readonly frame: Frame;
  /** Top of what comes next, points from the page's top. */
  y: number;
  private readonly watermark: string | null;
  /** The one root that ISO 32000-2 §14.8.4 wants; readers warn of others. */
  private readonly root: Element;
  private readonly glyphs = new Map<FontName, Map<number, boolean>>();
  private readonly bookmarks = new Map<string, Bookmark>();

  constructor(options: SheetOptions) {
    this.accent = options.accent;
    this.watermark = options.watermark;
    this.frame = PAPERS[options.paper];
    this.y = this.frame.top;
    this.doc = new PdfKit({
      size: [this.frame.width, this.frame.height],
      margins: { top: 0, bottom: 0, left: 0, right: 0 },
      autoFirstPage: false,
      bufferPages: true,
      font: FONTS.regular,
      pdfVersion: '1.7',
      tagged: true,
      lang: 'en-US',
      displayTitle: true,
      info: {
        Title: plain(options.title),
        Author: plain(options.author),
        Subject: plain(options.subject),
        Creator: 'Countersign',
        Producer: 'Countersign',
        CreationDate: options.date,
        ModDate: options.date,
      },
    });
    this.root = this.doc.struct('Document');
    this.doc.addStructure(this.root);
  }

  /** Starts a page. */
  page(): void {
    this.doc.addPage();
    this.y = this.frame.top;
    if (this.watermark !== null) this.drawWatermark(this.watermark);
  }

  /** Starts a page unless `height` still fits on this one. */
  ensure(height: number): void {
    if (this.y + height > this.frame.height - this.frame.bottom) this.page();
  }

  /** What still fits on this page, points. */
  get room(): number {
    return this.frame.height - this.frame.bottom - this.y;
  }

  /** Draws what is no content: lines, fills, headers. */
  artifact(draw: () => void): void {
    this.doc.markContent('Artifact', { type: 'Layout' });
    draw();
    this.doc.endMarkedContent();
  }

  /** Draws content under a tag of the document's structure (ISO 32000-1 §14.8). */
  tag(type: string, draw: () => void, parent?: Element): void {
    this.under(this.doc.struct(type, {}, draw), parent);
  }

  /** Puts an element of structure under another, or under the document. */
  under(element: Element, parent: Element = this.root): void {
    parent.add(element);
  }

  /** Ends the document. */
  end(): void {
    this.root.end();
    this.doc.end();
  }

  /** The text with everything that cannot be seen in this font written out. */
  safe(text: string, { font }: TextStyle): string {
    const known = this.glyphs.get(font) ?? new Map<number, boolean>();
    this.glyphs.set(font, known);
    return visible(text, (code) => {
      const cached = known.get(code);
      if (cached !== undefined) return cached;
      this.doc.font(FONTS[font]);
      const has = glyphsOf(this.doc).hasGlyphForCodePoint(code);
      known.set(code, has);
      return has;
    });
  }

  measure(text: string, style: TextStyle): number {
    this.doc.font(FONTS[style.font]).fontSize(style.size);
    return this.doc.widthOfString(text, { characterSpacing: style.spacing ?? 0 });
  }

  /** Lines of at most `width`, safe to print. */
  lines(text: string, style: TextStyle, width: number): readonly string[] {
    return wrap(this.safe(text, style), width, (part) => this.measure(part, style));
  }

  /** One line at a place. The text must be safe already. */
  put(text: string, x: number, y: number, style: TextStyle): void {
    this.doc
      .font(FONTS[style.font])
      .fontSize(style.size)
      .fillColor(style.color)
      .text(text, x, y, { lineBreak: false, characterSpacing: style.spacing ?? 0 });
  }

  putRight(text: string, right: number, y: number, style: TextStyle): void {
    this.put(text, right - this.measure(text, style), y, style);
  }

  /** Wrapped text at the cursor, over as many pages as it needs. */
  paragraph(
    text: string,
    style: TextStyle,
    at: { readonly x?: number; readonly width?: number; readonly gap?: number } = {},
  ) {
    const x = at.x ?? this.frame.margin;
    const step = lineStep(style);
    let lines = this.lines(text, style, at.width ?? this.frame.content);
    while (lines.length > 0) {
      this.ensure(step);
      const count = Math.max(1, Math.floor(this.room / step));
      const now = lines.slice(0, count);
      this.tag('P', () => {
        now.forEach((line, i) => this.put(line, x, this.y + i * step, style));
      });
      this.y += now.length * step;
      lines = lines.slice(count);
    }
    this.y += at.gap ?? 0;
  }

  /** A page of its own with number, heading and one lead sentence that already says the result. */
  section(number: string, title: string, lead: string): void {
    this.page();
    this.tag('P', () =>
      this.put(number, this.frame.margin, this.y - 5, { font: 'semibold', size: 9.4, color: this.accent }),
    );
    this.y += 12;
    this.heading(title, H1, 'H1', this.frame.content);
    this.bookmark(`${number}  ${title}`, number);
    if (lead !== '') this.paragraph(lead, LEAD, { gap: 12 });
  }

  heading(title: string, style: TextStyle, tag: 'H1' | 'H2', width: number): void {
    const lines = this.lines(title, style, width);
    const step = style.size * 1.3;
    this.tag(tag, () => lines.forEach((line, i) => this.put(line, this.frame.margin, this.y + i * step, style)));
    this.y += lines.length * step + 2;
  }

  /** A heading within a section; keeps `follow` points of what comes after on the same page. */
  subheading(title: string, follow = 60): void {
    this.ensure(24 + follow);
    this.y += 12;
    this.heading(title, H2, 'H2', this.frame.content);
    this.y += 2;
  }

  /** Marks this page in the outline; `8.4` stands under `8`. */
  bookmark(label: string, number: string): void {
    const parent = this.bookmarks.get(number.split('.')[0] ?? '');
    const item = (parent ?? this.doc.outline).addItem(this.safe(label, LEAD), { expanded: false });
    if (!parent) this.bookmarks.set(number, item);
  }

  rule(
    y: number,
    color: string = RULE,
    width = 0.6,
    x: number = this.frame.margin,
    right: number = this.frame.width - this.frame.margin,
  ) {
    this.artifact(() => this.doc.moveTo(x, y).lineTo(right, y).lineWidth(width).strokeColor(color).stroke());
  }

  private drawWatermark(text: string): void {
    this.artifact(() => {
      const style: TextStyle = { font: 'bold', size: 84, color: MUTED };
      const width = this.measure(text, style);
      const { doc } = this;
      doc
        .save()
        .rotate(-52, { origin: [this.frame.width / 2, this.frame.height / 2] })
        .fillOpacity(0.06);
      this.put(text, (this.frame.width - width) / 2, this.frame.height / 2 - 50, style);
      doc.restore();
    });
  }
}
