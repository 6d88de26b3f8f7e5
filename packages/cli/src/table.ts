/** A table of text: columns as wide as their widest cell, numbers to the right. */
import { stripVTControlCharacters } from 'node:util';

import pc from 'picocolors';

/** Lines that end with a line feed. Cells may be coloured; what comes from data is made {@link printable} before. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(width(column), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const isNumeric = columns.map(
    (_, index) => rows.length > 0 && rows.every((row) => NUMBER.test(stripped(row[index] ?? ''))),
  );
  const line = (cells: readonly string[], paint: (text: string) => string): string =>
    `${cells
      .map((cell, index) => pad(paint(cell), widths[index] ?? 0, isNumeric[index] === true))
      .join('  ')
      .trimEnd()}\n`;
  return line(columns, pc.bold) + rows.map((row) => line(row, (cell) => cell)).join('');
}

/** Text of data with its control characters written out, so that it cannot move the cursor or change colours. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^([\u007f-\u009f])$/, '\ufffd'),
  );
}

function pad(cell: string, to: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(cell)));
  return isRight ? space + cell : cell + space;
}

function width(cell: string): number {
  return Array.from(segments.segment(stripped(cell))).length;
}

function stripped(cell: string): string {
  return stripVTControlCharacters(cell);
}

// oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;
const segments = new Intl.Segmenter('en');
const NUMBER = /^-?\d+(\.\d+)?$/;
