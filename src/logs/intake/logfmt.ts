// Reads logfmt lines (`level=error msg="disk full" free=0`), as Go programs and Heroku write them.

/** Longer lines are treated as text: no program writes such logfmt. */
const MAX_LINE_LENGTH = 16 * 1024
const pair = /\s*([A-Za-z_@][\w.@/-]{0,100})=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"]*))(?=\s|$)/y

/** The fields of a line that is logfmt from end to end and has at least two fields; null for any other line. */
export function readLogfmt(line: string): { [name: string]: string } | null {
  if (line.length > MAX_LINE_LENGTH || !/^[A-Za-z_@][\w.@/-]{0,100}=/.test(line)) return null
  const fields: { [name: string]: string } = Object.create(null) as { [name: string]: string }
  let count = 0
  pair.lastIndex = 0
  for (let at = 0; at < line.length; at = pair.lastIndex) {
    const found = pair.exec(line)
    if (!found) return line.slice(at).trim() === '' && count > 1 ? fields : null
    fields[found[1]!] = found[2] === undefined ? (found[3] ?? found[4]!) : unescapeValue(found[2])
    count++
  }
  return count > 1 ? fields : null
}

function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character) : text
}

const ESCAPES: { [character: string]: string } = { n: '\n', t: '\t', r: '\r' }
