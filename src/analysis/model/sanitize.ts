// Words of strangers (a model, a log line) as plain data that leads nowhere. Pure.

/** A text on one line, at most `most` characters, with nothing that a chat would make a link of. */
export function sanitize(text: string, most: number): string {
  const plain = text
    .replace(/[[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029]]/gv, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const points = Array.from(defused(plain).replace(DOMAIN, name => name.replaceAll('.', '[.]')))
  return points.length <= most ? points.join('') : `${points.slice(0, most).join('')}…`
}

/** Names that some chats make a link of by themselves, or that a path follows. */
const DOMAIN =
  /(?<![\w[])(?:[\w-]{1,63}\.){1,8}(?:(?:com|net|org|io|co|dev|app|me|info|biz|xyz|top|site|online|shop|link|click|ru|cn|ly|gg|ai)(?![\w[-])|[a-z]{2,24}(?=\/))/gi

/** A text whose addresses are named, but lead nowhere. */
export function defused(text: string): string {
  return text
    .replaceAll('://', '[:]//')
    .replace(/(?:www|discord|discordapp|(?<![a-z])(?:t|bit))\.(?=\w)/gi, word => word.replace('.', '[.]'))
}
