// Which names have secret values: `dbPassword`, `X-Api-Key`, `access_token`, but not `token_count` or `password_reset_at`.

const SECRET =
  /pass(?:word|wd|phrase|code)|pwd|secret(?!ar)|credential|(?:api|access|private|signing|encryption|auth|account|storage|shared|service|master|session|webhook|license|ssh|deploy|ping|admin)key|authorization|cookie|sess(?:ion)?id|csrf|xsrf|cvv|cvc|card(?:number|no)$|ccnumber|token$|^(?:pass|jwt|bearer|otp|pw|psk)$|(?:db|user|my|root|admin|smtp|mysql|pg|redis|become|sudo|ssh|ftp|mail|imap|ldap|bind|proxy|vnc|amqp|mongo|store|key)(?:pass|pw)$|(?:wpa|pre|wifi|ipsec|vpn)\w{0,10}psk$/
/** Password in other languages, without accents. */
const FOREIGN = /pass?wort|passord|kennwort|motdepasse|contrasen|senha|wachtwoord|losenord|salasana|adgangskode|haslo$/
const HARMLESS =
  /(?:count|length|len|size|type|expir\w{0,10}|ttl|name|[^n]id|at|in|age|policy|enabled|required|changed|reset|strength|valid|status|url|uri|path|version|limit|used|usage|consent|error|attempts|ref|file|field|hint|scope|hits?|miss(?:es)?|algorithm)$/
/** Names whose value is a secret only where it looks like one: `sig=11` is a signal, `session=42` a number. */
const DOUBTFUL = /^(?:sig|auth|session|sid|hmac)$|signature$|\wsession$|\wsig$/
const PIN = /^(?:pin|pincode|cardpin|userpin)$/
/** The working folder of a shell, and of sudo's lines; Windows and browsers write passwords under the same name. */
const FOLDER_NAME = /^(?:old)?pwd$/
const FOLDER = /^(?:\/|~|[A-Z]:\\)[\w./\\ ~+@-]{0,300}$/
/** Names whose values may also be identifiers, which people follow a session or an object by. */
const IDENTIFYING = /token$|sess(?:ion)?id$|authorization|csrf|xsrf/

/** A value that is shown by its form to be no secret: a number in hex, an object of Java, a name with dots, a mechanism. */
const IDENTIFIER =
  /^(?:0x[0-9a-f]{1,16}|[A-Z][A-Za-z]{1,40} ?[{(@].*|[a-z]+(?:\.[a-z]+){2,8}(?:\/\d{1,10})?:?|[A-Z_]{2,15}|[\w.]{1,80}@[0-9a-f]{4,8}|Token|SIMPLE|KERBEROS|DIGEST|PLAIN|TOKEN|BASIC|BEARER|NEGOTIATE|NTLM|SCRAM|GSSAPI|SASL)$/s
const RANDOM = /^(?=[^\s]{16,}$)(?=.{0,200}\d)(?=.{0,200}[A-Za-z])[\w+/=.~%-]+$/

/** Senders repeat few names; a sender of ever new ones must not fill the memory. */
const cache = new Map<string, NameKind>()

/** What a name says about its value. */
type NameKind = 'secret' | 'identifying' | 'doubtful' | 'folder' | 'pin' | 'plain'

/** Whether values of this name are secrets, or some of them. */
export function isSecretName(name: string): boolean {
  return kindOf(name) !== 'plain'
}

/** Whether everything under this name is a secret, also a list or an object. */
export function isAlwaysSecret(name: string): boolean {
  const kind = kindOf(name)
  return kind === 'secret' || kind === 'identifying' || kind === 'folder'
}

/** Whether the value of this name is a secret. */
export function isSecretValue(name: string, value: string): boolean {
  switch (kindOf(name)) {
    case 'secret':
      // The count of passed tests.
      return !(name.toLowerCase() === 'pass' && /^\d{1,3}$/.test(value))
    case 'identifying':
      return !IDENTIFIER.test(value)
    case 'doubtful':
      return RANDOM.test(value) && !IDENTIFIER.test(value)
    case 'folder':
      return !FOLDER.test(value)
    case 'pin':
      return /^\d{4,12}$/.test(value)
    case 'plain':
      return false
  }
}

function kindOf(name: string): NameKind {
  const known = cache.get(name)
  if (known !== undefined) return known
  const kind = classify(name)
  if (cache.size >= 5_000) cache.clear()
  if (name.length <= 100) cache.set(name, kind)
  return kind
}

function classify(name: string): NameKind {
  if (name.length > 200) return 'plain'
  const bare = plainLetters(name)
  if (PIN.test(bare)) return 'pin'
  if (FOLDER_NAME.test(bare)) return 'folder'
  if (DOUBTFUL.test(bare)) return 'doubtful'
  const isSecret = SECRET.test(bare) || FOREIGN.test(bare)
  if (!isSecret || (HARMLESS.test(bare) && !/sess(?:ion)?id$|secretid$/.test(bare))) return 'plain'
  return IDENTIFYING.test(bare) && !/secret|passw/.test(bare) ? 'identifying' : 'secret'
}

/** Lower-case letters and digits without accents: `Contraseña` is `contrasena`. */
function plainLetters(name: string): string {
  const ascii = /[^\0-\x7f]/.test(name) ? name.normalize('NFKD') : name
  return ascii.toLowerCase().replace(/[^a-z0-9]/g, '')
}
