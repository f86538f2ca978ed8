// Which names have secret values: `dbPassword`, `X-Api-Key`, `access_token`, but not `token_count` or `password_reset_at`.

const SECRET =
  /pass(?:word|wd|phrase|code)|pwd|secret|credential|(?:api|access|private|signing|encryption|auth|account|storage|shared|service|master|session|webhook|license|ssh|deploy)key|authorization|cookie|sess(?:ion)?id|csrf|xsrf|cvv|cvc|card(?:number|no)$|ccnumber|token$|^(?:pass|auth|jwt|bearer|otp)$|(?:db|user|my|root|admin|smtp|mysql|pg|redis)pass$/
const HARMLESS =
  /(?:count|length|len|size|type|expir\w{0,10}|ttl|name|[^n]id|at|in|age|policy|enabled|required|changed|reset|strength|valid|status|url|uri|path|version|limit|used|usage|consent|error|attempts|ref|file|field|hint|scope|hits?|miss(?:es)?|algorithm)$/

/** Senders repeat few names; a sender of ever new ones must not fill the memory. */
const cache = new Map<string, boolean>()

/** Whether the value of this name is a secret. */
export function isSecretName(name: string): boolean {
  const known = cache.get(name)
  if (known !== undefined) return known
  const secret = matchSecretName(name)
  if (cache.size >= 5_000) cache.clear()
  if (name.length <= 100) cache.set(name, secret)
  return secret
}

function matchSecretName(name: string): boolean {
  if (name.length > 200) return false
  const bare = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return SECRET.test(bare) && (!HARMLESS.test(bare) || /sess(?:ion)?id$|secretid$/.test(bare))
}
