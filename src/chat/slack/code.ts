// Cuts preformatted text into pieces that each fit a section, with its fences closed, and says what was left out.
import { escapeMarkup } from './mrkdwn.ts'

const FENCES = '```\n\n```'.length

/**
 * Fenced pieces of at most `max` characters each and `total` together, cut at line ends where there are any.
 * Fences inside the text cannot end a piece. What does not fit is counted in the last line.
 */
export function toFences(text: string, max: number, total: number): string[] {
  const lines = wrapLines(text.replace(/\n+$/, ''), max - FENCES)
  const pieces: string[] = []
  let piece = ''
  let spent = 0
  const room = () => Math.min(max, total - spent) - FENCES
  for (const [index, line] of lines.entries()) {
    const longer = piece === '' ? line : `${piece}\n${line}`
    if (longer.length <= room() - (index < lines.length - 1 ? NOTE : 0)) {
      piece = longer
      continue
    }
    if (piece !== '') {
      pieces.push(piece)
      spent += piece.length + FENCES
    }
    piece = line
    if (line.length > room() - NOTE) return pieces.length === 0 ? [] : close(pieces, lines.length - index)
  }
  if (piece !== '') pieces.push(piece)
  return pieces.map(fence)
}

// Room for the line that says how many lines are missing.
const NOTE = '\n… 1000000 more lines'.length

function close(pieces: string[], missing: number): string[] {
  const last = pieces.length - 1
  pieces[last] = `${pieces[last]}\n… ${missing} more ${missing === 1 ? 'line' : 'lines'}`
  return pieces.map(fence)
}

function fence(piece: string): string {
  return `\`\`\`\n${piece}\n\`\`\``
}

/** The escaped lines; one that is too long for any piece is broken between code points, never inside an escape. */
function wrapLines(text: string, max: number): string[] {
  return text.split('\n').flatMap(line => {
    const escaped = escapeMarkup(line).replaceAll('```', 'ˋˋˋ')
    if (escaped.length <= max - NOTE) return [escaped]
    const broken: string[] = []
    let current = ''
    for (const point of escaped.match(/&(?:amp|lt|gt);|[\s\S]/gu) ?? []) {
      if (current.length + point.length > max - NOTE) {
        broken.push(current)
        current = ''
      }
      current += point
    }
    return [...broken, current]
  })
}
