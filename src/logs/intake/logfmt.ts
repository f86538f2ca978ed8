// Reads logfmt lines (`level=error msg="disk full" free=0`), as Go programs and Heroku write them.

/** Longer lines are text: nobody writes them by hand, and few programs. */
const LONGEST = 16 * 1024
const pair = /\s*([A-Za-z_@][\w.@/-]{0,100})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y

/** The fields of a line that is logfmt from end to end, with two fields at least; null for any other line. */
export function readLogfmt(line: string): { [name: string]: string } | null {
  if (line.length > LONGEST || !/^[A-Za-z_@][\w.@/-]{0,100}=/.test(line)) return null
  const fields: { [name: string]: string } = Object.create(null) as { [name: string]: string }
  let count = 0
  pair.lastIndex = 0
  for (let at = 0; at < line.length; at = pair.lastIndex) {
    const found = pair.exec(line)
    if (!found) return line.slice(at).trim() === '' && count > 1 ? fields : null
    fields[found[1]!] = found[2] === undefined ? found[3]! : unescaped(found[2])
    count++
  }
  return count > 1 ? fields : null
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, (_, sign: string) => ESCAPES[sign] ?? sign) : text
}

const ESCAPES: { [sign: string]: string } = { n: '\n', t: '\t', r: '\r' }
