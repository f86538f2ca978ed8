// Redacts the values of secret names in texts: `password=…`, `"apiKey": "…"`, headers, XML, flags, SQL; also in escaped JSON.
import { isProse, valueAt } from './named-value.ts'
import { DASH_TRAIT, LESS_TRAIT, QUOTE_TRAIT, SEPARATOR_TRAIT, WIDE_TRAIT } from './prefilter.ts'
import { isSecretName, isSecretValue } from './secret-names.ts'
import { redactionMark } from './tokens.ts'

/** A name from its very beginning, so that each word is tried once; then the signs between it and its value. */
const named =
  /(?<![\w.-])([\w.-]{2,200})((?:\[\d{0,4}\]|\])?\\{0,3}["']?\s{0,3}(?:=>|:=|={1,3}|:|\?=)(?:[^\S\n]{0,20}(?:\r?\n[^\S\n]{0,40})?))/g
/** Names of passwords outside of ASCII, and of several words. */
const foreign =
  /((?:парол|гасл)\p{L}{0,3}|密[码碼]|パスワード|비밀번호|contraseña|lösenord|hasło|şifre|κωδικός|mot de passe)(["']?\s{0,3}(?:=>|:=|[:=：＝])[^\S\n]{0,20})/giu
const flag = /(?<![\w.-])(--?)(\w[\w.-]{1,79}) {1,3}([^\s-]\S*)/g
const element =
  /<([A-Za-z_][\w.:-]{1,80})(\s[^<>]{0,200})?>(\s{0,20}<!\[CDATA\[[\s\S]{0,2000}?\]\]>\s{0,20}|[^<]{1,2000})(?=<\/)/g
/** `name="password" value="…"`: attributes of XML, variables of Kubernetes. */
const pair =
  /\b(?:key|name)(?:\\{0,3}["'])?\s?[=:]\s?\\{0,3}["']([\w.-]{2,100})\\{0,3}["'],?\s{0,40}\\{0,3}["']?value(?:\\{0,3}["'])?\s?[=:]\s?/gi
const sql =
  /\b(identified(?:\s{1,3}with\s{1,3}[\w."']{1,60})?\s{1,3}by(?:\s{1,3}password)?|password)(\s{1,3}|\s?\(\s?)(?:'(?:[^'\\]|\\.|'')+'|"(?:[^"\\]|\\.)+")/gi
const netrc = /\b(login\s{1,3}[^\s,;:]{1,100}\s{1,3}password\s{1,3})(?!\[hidden:)(\S+)/g
const curlUser =
  /(\s(?:-u|-U|--user|--proxy-user)[ =]?\s?)(?:"([^":\s]{1,100}):[^"\n]+"|'([^':\s]{1,100}):[^'\n]+'|([^\s:"'/]{1,100}):(?!\/|\[hidden:)[^\s"']+)/g
const mysqlPassword =
  /\b((?:mysql\w{0,8}|mariadb[\w-]{0,8}|sshpass|(?:docker|podman|nerdctl|az|oc) login)\b[^\n|;&<>]{0,200}?\s-p ?)(?!\[hidden:)([^\s<>|;&-]\S*)/g

/** The text with the values of secret names replaced. `traits` are those of the text. */
export function redactNamedValues(text: string, traits: number): string {
  const hasSeparator = (traits & SEPARATOR_TRAIT) !== 0
  const hasDash = (traits & DASH_TRAIT) !== 0
  const hasQuote = (traits & QUOTE_TRAIT) !== 0
  let all = hasSeparator ? redactNames(text, named) : text
  if (((traits & WIDE_TRAIT) !== 0 && NOT_ASCII.test(all)) || (hasSeparator && all.includes('mot de passe')))
    all = redactNames(all, foreign, true)
  if (hasDash)
    all = all.replace(flag, (whole, dashes: string, name: string, value: string) =>
      isSecretValue(name, value) && !isProse(value) ? `${dashes}${name} ${redactionMark('secret')}` : whole,
    )
  if (hasQuote && all.includes('alue')) all = redactNames(all, pair)
  if (hasDash && hasSeparator && (all.includes('curl') || all.includes('http'))) all = redactUsers(all)
  if (hasDash && all.includes(' -p'))
    all = all.replace(mysqlPassword, (_all, command: string) => command + redactionMark('password'))
  if (hasQuote)
    all = all.replace(sql, (_all, words: string, gap: string) => `${words}${gap}'${redactionMark('password')}'`)
  if (all.includes('login'))
    all = all.replace(netrc, (whole, start: string, value: string) =>
      isProse(value) ? whole : start + redactionMark('password'),
    )
  if ((traits & LESS_TRAIT) === 0 || !all.includes('</')) return all
  return all.replace(element, (whole, name: string, attributes: string | undefined, value: string) =>
    isSecretValue(name, value.trim()) && !/^\s*\[hidden:[a-z ]+\]\s*$/.test(value)
      ? `<${name}${attributes ?? ''}>${redactionMark('secret')}`
      : whole,
  )
}

const NOT_ASCII = /[^\0-\x7f]/

function redactNames(text: string, names: RegExp, isForeign = false): string {
  let redacted = ''
  let done = 0
  let lineStart = 0
  let nextBreak = text.indexOf('\n')
  names.lastIndex = 0
  for (let found = names.exec(text); found; found = names.exec(text)) {
    const name = isForeign ? 'password' : found[1]!
    if (!isSecretName(name)) continue
    while (nextBreak !== -1 && nextBreak < found.index) {
      lineStart = nextBreak + 1
      nextBreak = text.indexOf('\n', lineStart)
    }
    const start = found.index + found[0].length
    const value = valueAt(text, start, { name, lineStart, start: found.index, separator: found[2] ?? '' })
    if (value === null || !isSecretValue(name, value.text)) continue
    redacted += text.slice(done, start) + value.shown
    done = value.end
    names.lastIndex = Math.max(done, start)
  }
  return done === 0 ? text : redacted + text.slice(done)
}

function redactUsers(text: string): string {
  return text.replace(curlUser, (_all, option: string, ...users: unknown[]) => {
    const user = users.slice(0, 3).find(part => part !== undefined)
    return `${option}${user}:${redactionMark('password')}`
  })
}
