// Words of strangers (a model, a log line) as plain data that leads nowhere. Pure.

/** A text on one line, at most `most` characters, with nothing that a chat would make a link of. */
export function plainWords(text: string, most: number): string {
  const plain = text
    .replace(/[[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029]]/gv, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const points = Array.from(defused(plain))
  return points.length <= most ? points.join('') : `${points.slice(0, most).join('')}…`
}

/** A text whose addresses are named, but lead nowhere. */
export function defused(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]{1,20}):\/\//gi, '$1[:]//')
    .replace(/\b(?:www|discord|t|bit)\.(?=\w)/gi, word => word.replace('.', '[.]'))
}
