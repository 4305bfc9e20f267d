// Draws a captured terminal screen as SVG: tmux capture-pane -e -p | node scripts/picture.js COLUMNS ROWS > docs/screen.svg
import xterm from '@xterm/headless';

const [columns, rows] = process.argv.slice(2).map(Number);
if (!columns || !rows) {
  console.error('usage: node scripts/picture.js COLUMNS ROWS < captured-screen > picture.svg');
  process.exit(2);
}

const cell = { width: 8.4, height: 18 };
const palette = ['#1c2128', '#f47067', '#57ab5a', '#c69026', '#539bf5', '#b083f0', '#39c5cf', '#adbac7'];
const bright = ['#636e7b', '#ff938a', '#6bc46d', '#daaa3f', '#6cb6ff', '#dcbdfb', '#56d4dd', '#f0f6fc'];
const base = { foreground: '#adbac7', background: '#1c2128' };

function colour(index, isPalette, isRgb, fallback) {
  if (isRgb) return `#${index.toString(16).padStart(6, '0')}`;
  if (!isPalette) return fallback;
  if (index < 8) return palette[index];
  if (index < 16) return bright[index - 8];
  if (index >= 232) return `rgb(${Array(3).fill(8 + (index - 232) * 10)})`;
  const level = (n) => (n === 0 ? 0 : 55 + n * 40);
  const i = index - 16;
  return `rgb(${level(Math.floor(i / 36))},${level(Math.floor(i / 6) % 6)},${level(i % 6)})`;
}

const markup = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

/** Neighbouring cells of one look become one piece of text. */
function* pieces(line) {
  let piece;
  for (let x = 0; x < columns; x++) {
    const c = line.getCell(x);
    if (!c || c.getWidth() === 0) continue;
    let foreground = colour(c.getFgColor(), c.isFgPalette(), c.isFgRGB(), base.foreground);
    let background = colour(c.getBgColor(), c.isBgPalette(), c.isBgRGB(), base.background);
    if (c.isInverse()) [foreground, background] = [background, foreground];
    const look = JSON.stringify([foreground, background, c.isBold(), c.isDim(), c.isItalic(), c.isUnderline()]);
    if (piece?.look === look) piece.text += c.getChars() || ' ';
    else {
      if (piece) yield piece;
      piece = { x, look, text: c.getChars() || ' ', foreground, background, bold: c.isBold(), dim: c.isDim() };
    }
  }
  if (piece) yield piece;
}

let input = '';
for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0, convertEol: true });
await new Promise((done) => terminal.write(input.replace(/\n$/, ''), done));

const width = Math.ceil(columns * cell.width) + 24;
const height = rows * cell.height + 24;
const out = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">`,
  '<title>The screen of coreos-lab during lesson 1</title>',
  `<rect width="${width}" height="${height}" rx="8" fill="${base.background}"/>`,
];
for (let y = 0; y < rows; y++) {
  for (const p of pieces(terminal.buffer.active.getLine(y))) {
    const left = (12 + p.x * cell.width).toFixed(1);
    const length = ([...p.text].length * cell.width).toFixed(1);
    if (p.background !== base.background)
      out.push(
        `<rect x="${left}" y="${12 + y * cell.height}" width="${length}" height="${cell.height}" fill="${p.background}"/>`,
      );
    if (p.text.trim() === '') continue;
    const style = `${p.bold ? ' font-weight="bold"' : ''}${p.dim ? ' opacity="0.6"' : ''}`;
    out.push(
      `<text x="${left}" y="${12 + y * cell.height + 13}" fill="${p.foreground}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"${style}>${markup(p.text)}</text>`,
    );
  }
}
out.push('</svg>');
console.log(out.join('\n'));
process.exit(0);
