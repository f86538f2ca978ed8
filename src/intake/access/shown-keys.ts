// The keys that requests show: in a header on every route; on those that take lines and alerts also as a password or in the URL.

/** A key as a request shows it. The admin key counts only where `mayBeAdmin`: as Bearer or in `X-Api-Key`. */
export type ShownKey = { secret: string; mayBeAdmin: boolean }

/** Headers that hold a key and nothing else: those of Datadog and of Seq. */
const KEY_HEADERS = ['dd-api-key', 'x-seq-apikey']
/** Query parameters that hold a key: Vakt's own, then those of Seq, Healthchecks, Splunk and Datadog. */
const KEY_PARAMETERS = ['key', 'apiKey', 'api_key', 'token', 'dd-api-key']
/** What clients without a key send in its place. */
const NO_KEY = /^(?:|null|undefined|none)$/i
/** The words before a key in `Authorization`, beside Bearer, Basic and ApiKey. */
const PLAIN_SCHEME = /^(?:splunk|token)$/i
const MAX_SHOWN_PATH_LENGTH = 100

/**
 * The key in the headers of a request to any route: `Authorization: Bearer|ApiKey|Splunk|Token <key>`, `X-Api-Key`,
 * `DD-API-KEY` or `X-Seq-ApiKey`; null when there is none. `ApiKey` is followed by the key, or by the base64 of
 * `<anything>:<key>`, as Elasticsearch's clients send it.
 */
export function readShownKey(headers: Headers): ShownKey | null {
  const { scheme, value } = readAuthorization(headers)
  if (scheme === 'bearer' && value !== '') return { secret: value, mayBeAdmin: true }
  const own = headers.get('x-api-key')?.trim()
  if (own !== undefined) return { secret: own, mayBeAdmin: true }
  if (scheme === 'apikey' && value !== '') return { secret: passwordIn(value) ?? value, mayBeAdmin: false }
  if (PLAIN_SCHEME.test(scheme) && value !== '') return { secret: value, mayBeAdmin: false }
  for (const name of KEY_HEADERS) {
    const secret = headers.get(name)?.trim()
    if (secret !== undefined && !NO_KEY.test(secret)) return { secret, mayBeAdmin: false }
  }
  return null
}

/**
 * The key of a request to a route that takes lines or alerts: as `readShownKey`, or Basic with any user and the key as the
 * password, or `?key=`.
 */
export function readIntakeKey(headers: Headers, parameters: URLSearchParams): ShownKey | null {
  const shown = readShownKey(headers)
  if (shown !== null && shown.secret !== '') return shown
  const password = readBasicKey(headers)
  if (password !== null) return { secret: password, mayBeAdmin: false }
  for (const name of KEY_PARAMETERS) {
    const secret = parameters.get(name)?.trim()
    if (secret !== undefined && !NO_KEY.test(secret)) return { secret, mayBeAdmin: false }
  }
  return shown
}

/** The key in `Authorization: Basic`: the password, or the user where there is no password; null when there is none. */
export function readBasicKey(headers: Headers): string | null {
  const { scheme, value } = readAuthorization(headers)
  if (scheme !== 'basic') return null
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  const password = colon < 0 ? text : text.slice(colon + 1) || text.slice(0, colon)
  return password === '' ? null : password
}

/** Whether a request shows a key in any form, right or wrong. */
export function showsKey({ headers, url }: Pick<Request, 'headers' | 'url'>): boolean {
  if (['authorization', 'x-api-key', 'x-vakt-key', ...KEY_HEADERS].some(name => headers.has(name))) return true
  if (/\/v1\/input\/[^/?]/.test(url)) return true
  const mark = url.indexOf('?')
  return mark >= 0 && [...KEY_PARAMETERS, 'signed_by'].some(name => new URLSearchParams(url.slice(mark + 1)).has(name))
}

/** The path of a URL as logs may show it: without query, keys and excess length. */
export function shownPath(url: string): string {
  const path = url.startsWith('/') ? url : url.slice(url.indexOf('/', url.indexOf('//') + 2))
  return maskKeys(path.startsWith('/') ? path.split('?', 1)[0]! : '/').slice(0, MAX_SHOWN_PATH_LENGTH)
}

/** A path or a query without the keys in it: the values of key parameters, and the path that old Datadog clients use. */
export function maskKeys(text: string): string {
  return text
    .replace(/([?&](?:key|api_?key|token|dd-api-key)=)[^&#\s]*/gi, '$1***')
    .replace(/(\/(?:v1\/input|ack)\/)[^/?#\s]+/gi, '$1***')
    .replace(/\bvakt_(?:admin_|satellite_)?[A-Za-z0-9]{8,}/g, '***')
}

function readAuthorization(headers: Headers): { scheme: string; value: string } {
  const text = headers.get('authorization')?.trim() ?? ''
  const [, scheme = '', value = ''] = /^([\w-]+)\s+(\S+)$/.exec(text) ?? []
  // Some clients have one field for the whole header, and people write the key alone into it.
  if (scheme === '' && /^[\w-]{16,}$/.test(text)) return { scheme: 'token', value: text }
  return { scheme: scheme.toLowerCase(), value }
}

/** What follows the first colon of base64 text; null when it is none. */
function passwordIn(encoded: string): string | null {
  const text = Buffer.from(encoded, 'base64').toString('latin1')
  return /^[\x20-\x7e]*?:([\x21-\x7e]+)$/.exec(text)?.[1] ?? null
}
