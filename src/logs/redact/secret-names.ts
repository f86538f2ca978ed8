// Which names stand before secrets: `dbPassword`, `X-Api-Key`, `access_token`, but not `token_count` or `password_reset_at`.

const SECRET =
  /pass(?:word|wd|phrase|code)|pwd|secret|credential|(?:api|access|private|signing|encryption|auth|account|storage|shared|service|master|session|webhook|license|ssh|deploy)key|authorization|cookie|sess(?:ion)?id|csrf|xsrf|cvv|cvc|card(?:number|no)$|ccnumber|token$|^(?:pass|auth|jwt|bearer|otp)$|(?:db|user|my|root|admin|smtp|mysql|pg|redis)pass$/
const HARMLESS =
  /(?:count|length|len|size|type|expir\w{0,10}|ttl|name|[^n]id|at|in|age|policy|enabled|required|changed|reset|strength|valid|status|url|uri|path|version|limit|used|usage|consent|error|attempts|ref|file|field|hint|scope|hits?|miss(?:es)?|algorithm)$/

/** Senders repeat few names; those of one who does not must not fill the memory. */
const judged = new Map<string, boolean>()

/** Whether the value under this name is a secret. */
export function isSecretName(name: string): boolean {
  const known = judged.get(name)
  if (known !== undefined) return known
  const secret = judge(name)
  if (judged.size >= 5_000) judged.clear()
  if (name.length <= 100) judged.set(name, secret)
  return secret
}

function judge(name: string): boolean {
  if (name.length > 200) return false
  const bare = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return SECRET.test(bare) && (!HARMLESS.test(bare) || /sess(?:ion)?id$|secretid$/.test(bare))
}
