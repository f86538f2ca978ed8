// Finds where the value of a secret name ends: quoted or bare, a list, an object, a block of YAML, a phrase.
import { redactionMark } from './tokens.ts'

/** A value: its text, what stands in its place, and where it ends. Nothing when it is empty or already a mark. */
export type NamedValue = { text: string; shown: string; end: number }

const quotePrefix = /(?:[bBrRuUfFnNeElL]{1,2}|[@$])(?=\\{0,3}["'])/y
const escapedQuote = /(\\{1,3})(["'])((?:(?!\1\2)[\s\S])*)\1\2/y
const tripleQuoted = /"""[\s\S]*?"""|'''[\s\S]*?'''/y
/** With SQL's doubled quotes. */
const quoted = /"(?:[^"\\\n]|\\[\s\S]|"")*"|'(?:[^'\\\n]|\\[\s\S]|'')*'/y
const typographic = /[“„«‹‘]([^”“»›’\n]{1,500})[”“»›’]|`([^`\n]{1,500})`/y
const mark = /\[hidden:[a-z ]{1,20}\]/y
/** A mark that nothing stands beside. */
const aloneMark = /\[hidden:[a-z ]{1,20}\](?=[\s"'&,;)}\]<\\]|$)/y
/** What follows a closed value without a gap belongs to it. */
const tail = /(?:[\w@#$%^*+~!?=/-]|\.(?=\w))[^\s"'&,;)}\]\\<>]*/y
/**
 * Up to white space, a quote or `&`; these are part of it where it goes on behind them: a quote before a letter, `&` unless
 * another parameter follows, a comma or bracket unless another name or the end follows.
 */
const bare =
  /(?:\[hidden:[a-z ]{1,20}\]|[^\s"'&,;)}\]\\<]|\\(?!\\{0,3}["'])|["'](?=\w)|&(?![\w.-]{1,60}=|\w{1,8};|\s|$)|<(?!\/|\s|$)|[,;)}\]](?!\s|$|["']?[\w.-]{1,40}\\{0,3}["']?\s?[=:]))+/y
/** The rest of an `Authorization`: one word, or parameters, of which every one may be the proof. */
const scheme =
  /(?:digest|signature|oauth|aws4-hmac-sha256|hawk|mac)\s+(?:,?\s{0,3}[\w-]{1,40}=(?:\\{0,3}"[^"\\\n]{0,2000}\\{0,3}"|[^\s,"']{1,2000}))+|(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)\s+\S+/iy
const restOfLine = /[^\r\n"']+/y
const cookies = /(?:[^\r\n"']|(?<==)"[^"\r\n]*")+/y
/** A trace below a sentence that ends with such a name. */
const STACK = /\s*(?:at |File "|\.{3}|Caused by)/y
const restOfUnclosed = /[^\r\n]*/y
/** Further words of a phrase, up to the next name. */
const words = /(?:[ \t]{1,3}(?![\w.-]{1,40}\\{0,3}["']?\s?[=:])[^\s"'&,;<>|)}\]\\]+)+/y
const letterWords = /(?:[ \t](?![\w.-]{1,40}\s?[=:])[A-Za-z]{3,}(?![^\s,;.!?"')}\]]))+/y
const container = /(?:[A-Za-z_][\w.]{0,40})?[[{(]/y
const MAX_CONTAINER_LENGTH = 4_000
const blockMark = /[|>][-+\d]{0,2}[ \t]*(?:\r?\n|\\n)/y
/** Words that follow such a name in sentences, where they are not a secret. */
const PROSE =
  /^(?:null|none|nil|undefined|true|false|yes|no|not|is|was|has|must|should|too|missing|invalid|expired|incorrect|required|wrong|empty|unknown|rejected|failed|failure|error|valid|ok|changed|mismatch|denied|revoked|unchanged|created|updated|deleted|rotated|synced|loaded|ready|configured|cannot|could|does|did|will|disabled|enabled|authentication|refused|accepted|successfully|\*+|<[A-Za-z_ -]*>|\$\{?[\w.]*\}?|\.{3})$/i

/** What is known about the name of a value: phrases follow passwords only. */
export type NameFacts = {
  name: string
  /** Where its line begins, and where the name itself begins. */
  lineStart: number
  start: number
  /** The signs between the name and its value. */
  separator: string
}

/** The value at `at`, or null when there is none to mask. */
export function valueAt(text: string, at: number, facts: NameFacts): NamedValue | null {
  if (matchAt(aloneMark, text, at)) return null
  const kind = kindOfMark(facts.name)
  const shown = redactionMark(kind)
  if (facts.separator.includes('\n')) return blockBelow(text, at, facts, shown)
  const block = matchAt(blockMark, text, at)
  if (block) return blockScalar(text, at, block[0], facts, shown)
  const start = at + (matchAt(quotePrefix, text, at)?.[0].length ?? 0)
  const escaped = matchAt(escapedQuote, text, start)
  if (escaped) {
    const quote = escaped[1]! + escaped[2]!
    return closed(text, start + escaped[0].length, `${quote}${shown}${quote}`, escaped[3]!)
  }
  const quotation = matchAt(tripleQuoted, text, start) ?? matchAt(quoted, text, start)
  if (quotation) {
    const quote = quotation[0][0]!
    return closed(text, start + quotation[0].length, `${quote}${shown}${quote}`, quotation[0].slice(1, -1))
  }
  const decorated = matchAt(typographic, text, at)
  if (decorated) return closed(text, at + decorated[0].length, shown, decorated[1] ?? decorated[2]!)
  const items = containerAt(text, at, shown)
  if (items) return items
  // A quote that is never closed belongs to the value it opens, and so does what follows it.
  if (text[start] === '"' || text[start] === "'") {
    const rest = matchAt(restOfUnclosed, text, start + 1)![0]
    return rest === '' ? null : { text: rest, shown, end: start + 1 + rest.length }
  }
  return bareValue(text, at, facts, shown)
}

function kindOfMark(name: string): string {
  if (/pass|pwd|wort|^pw$|psk|senha|salasana/i.test(name)) return 'password'
  return /cookie/i.test(name) ? 'cookie' : 'secret'
}

/** A quoted value, with what stands right behind its quote. */
function closed(text: string, end: number, shown: string, content: string): NamedValue | null {
  if (content === '' || isMark(content)) return null
  return { text: content, shown, end: end + (matchAt(tail, text, end)?.[0].length ?? 0) }
}

/** Whether a word behind such a name belongs to a sentence. */
export function isProse(word: string): boolean {
  return PROSE.test(word) || PROSE.test(word.replace(/[.,;:!?]+$/, ''))
}

function isMark(content: string): boolean {
  return /^\[hidden:[a-z ]{1,20}\]$/.test(content)
}

/** A list, an object or a printed structure, up to its closing bracket; unclosed ones up to the end of the line. */
function containerAt(text: string, at: number, shown: string): NamedValue | null {
  const opened = matchAt(container, text, at)
  if (!opened || matchAt(mark, text, at)) return null
  const begin = at + opened[0].length
  const end = closingBracket(text, begin)
  const isStructure = /["'\s{[\\]/.test(text[begin] ?? '') || opened[0].length > 1
  if (end === null && !isStructure) return null
  if (end === null) {
    const rest = matchAt(restOfUnclosed, text, at)![0]
    return { text: rest, shown, end: at + rest.length }
  }
  if (end - begin <= 1) return null
  return { text: text.slice(at, end), shown, end: end + (matchAt(tail, text, end)?.[0].length ?? 0) }
}

/** A quote in a word, unless the letter before it is the prefix of a string: `b'…'`. */
function isApostrophe(text: string, at: number): boolean {
  return /\w/.test(text[at - 1] ?? '') && !/(?:^|\W)[bruf]{1,2}$/i.test(text.slice(Math.max(0, at - 3), at))
}

const OPENING = '[{('
const CLOSING = ']})'

/** The position behind the bracket that closes the one before `begin`, or null. */
function closingBracket(text: string, begin: number): number | null {
  const limit = Math.min(text.length, begin + MAX_CONTAINER_LENGTH)
  let depth = 1
  let quote = ''
  let isEscaped = false
  for (let i = begin; i < limit; i++) {
    const sign = text[i]!
    if (quote !== '') {
      if (sign === '\\' && !isEscaped) i++
      else if (sign === quote && isEscaped === (text[i - 1] === '\\')) quote = ''
    } else if (sign === '"' || (sign === "'" && !isApostrophe(text, i))) {
      quote = sign
      isEscaped = text[i - 1] === '\\'
    } else if (OPENING.includes(sign)) depth++
    else if (CLOSING.includes(sign) && --depth === 0) return i + 1
  }
  return null
}

function bareValue(text: string, at: number, { name, separator }: NameFacts, shown: string): NamedValue | null {
  // Cookies and signed headers have several words.
  const several = /cookie/i.test(name) ? matchAt(cookies, text, at) : matchAt(scheme, text, at)
  const word = several ?? matchAt(bare, text, at)
  if (!word || isMark(word[0]) || isProse(word[0])) return null
  const end = at + word[0].length
  if (several || !/pass|pwd|secret|wort|senha|salasana/i.test(name)) return { text: word[0], shown, end }
  const isSentence = /[:=]\s/.test(separator)
  const more = isSentence
    ? matchAt(words, text, end)
    : /^[A-Za-z]{3,}$/.test(word[0])
      ? matchAt(letterWords, text, end)
      : null
  return { text: word[0], shown, end: end + (more?.[0].length ?? 0) }
}

/** A block of YAML behind `|` or `>`; in escaped text it ends with the text around it. */
function blockScalar(text: string, at: number, opened: string, facts: NameFacts, shown: string): NamedValue | null {
  const begin = at + opened.length
  if (opened.endsWith('\\n')) {
    const rest = matchAt(restOfLine, text, begin)?.[0] ?? ''
    return rest.trim() === '' ? null : { text: rest, shown, end: begin + rest.length }
  }
  const end = endOfBlock(text, begin, indentAt(text, facts.lineStart))
  return end === begin ? null : { text: text.slice(begin, end), shown, end }
}

/** A value on the lines below its name: an indented block, or a single word. */
function blockBelow(text: string, at: number, facts: NameFacts, shown: string): NamedValue | null {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  // Only a key at the beginning of its line has a block; elsewhere the name ends a sentence.
  if (!/^[\s"'-]*$/.test(text.slice(facts.lineStart, facts.start)) || matchAt(STACK, text, at)) return null
  const end = endOfBlock(text, lineStart, indentAt(text, facts.lineStart))
  if (end > at) return { text: text.slice(at, end), shown, end }
  const word = matchAt(restOfLine, text, at)?.[0].trim() ?? ''
  if (word === '' || /\s|[:=]/.test(word) || PROSE.test(word) || isMark(word)) return null
  return { text: word, shown, end: at + word.length }
}

/** Where the lines end that are indented more than `indent`, or are items of a list at that depth. */
function endOfBlock(text: string, begin: number, indent: number): number {
  let end = begin
  for (let at = begin; at < text.length; ) {
    const next = text.indexOf('\n', at)
    const lineEnd = next === -1 ? text.length : next
    const depth = indentAt(text, at)
    const isBlank = at + depth >= lineEnd
    const isItem = depth === indent && text.startsWith('- ', at + depth)
    if (!isBlank && depth <= indent && !isItem) break
    if (!isBlank) end = text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd
    at = lineEnd + 1
  }
  return end
}

function indentAt(text: string, at: number): number {
  let depth = 0
  while (text[at + depth] === ' ' || text[at + depth] === '\t') depth++
  return depth
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
