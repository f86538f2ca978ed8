// Turns untrusted text (of a model, of a log line) into plain text without working links. Pure.
import { truncate } from '../../text.ts'

/** The text on one line, at most `maxLength` characters, without anything that a chat turns into a link. */
export function sanitize(text: string, maxLength: number): string {
  const plain = text
    .replace(/[[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029]]/gv, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return truncate(
    disarmLinks(plain)
      .replace(DOMAIN, name => name.replaceAll('.', '[.]'))
      .replace(FOREIGN_DOMAIN, name => (isForeign(name) ? name.replace(DOTS, '[.]') : name)),
    maxLength,
  )
}

/** Domain names that some chats turn into links, and any name before a path. */
const DOMAIN =
  /(?<![\w[])(?:[\w-]{1,63}\.){1,8}(?:(?:com|net|org|io|co|dev|app|me|info|biz|xyz|top|site|online|shop|link|click|ru|cn|ly|gg|ai)(?![\w[-])|[a-z]{2,24}(?=\/))/gi

/** Dots that addresses may have (RFC 3490, section 3.1). */
const DOTS = /[.\u3002\uff0e\uff61]/g
/** Names in any script and with any of the dots; file names and versions are ASCII with plain dots, and stay. */
const FOREIGN_DOMAIN = /(?<![\p{L}\p{N}[-])(?:[\p{L}\p{N}-]{1,63}[.\u3002\uff0e\uff61]){1,8}\p{L}{2,24}/gu

function isForeign(name: string): boolean {
  return /[^\x20-\x7e]/.test(name)
}

/** The text with its addresses readable, but not as links. */
export function disarmLinks(text: string): string {
  return text
    .replaceAll('://', '[:]//')
    .replace(/(?:www|discord|discordapp|(?<![a-z])(?:t|bit))\.(?=\w)/gi, word => word.replace('.', '[.]'))
}
