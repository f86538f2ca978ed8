// Redacts secrets that are known by their shape: keys of providers, web tokens, private keys, credentials in URLs and headers.

/** The text in place of a secret. */
export function redactionMark(kind: string): string {
  return `[hidden:${kind}]`
}

/** The tokens of providers by their documented prefix and alphabet. Every repetition is bounded, so that each is linear. */
const SHAPES: [kind: string, shape: RegExp][] = [
  [
    'private key',
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  ],
  ['jwt', /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g],
  ['aws key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  ['github token', /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255})/g],
  ['gitlab token', /\bglpat-[\w-]{20,}/g],
  [
    'slack token',
    /\b(?:xox[a-z](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{10,})|hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/]{20,}/gi,
  ],
  [
    'discord token',
    /\/webhooks\/\d{15,22}\/[\w-]{40,}|(?<![\w.-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-]|\.\w)/g,
  ],
  ['anthropic key', /\bsk-ant-[\w-]{20,}/g],
  ['openai key', /\bsk-(?:proj-|svcacct-|or-v1-)?[\w-]{32,}/g],
  ['stripe key', /\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})/g],
  ['google key', /\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}/g],
  [
    'token',
    /\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{50,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhf_[A-Za-z0-9]{30,}|\bdop_v1_[a-f0-9]{40,}/g,
  ],
]

/** The prefixes of these shapes: most texts have none of them, which one search shows. */
const beginning =
  /-----BEGIN|eyJ|A(?:KIA|SIA|Iza)|gh[pousr]_|github_pat_|glpat-|xox|xapp-|hooks|[sr]k[-_]|whsec_|ya29\.|GOCSPX-|npm_|pypi-|SG\.|hf_|dop_v1_/i
/** Discord's tokens have no prefix; only texts of this length can contain one. */
const MIN_LENGTH_WITHOUT_PREFIX = 59

const urlPassword = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/?#"'<>@:]{0,200}):([^\s"'<>/]{1,300})@(?=[\w.[%-])/gi
const urlToken = /\b(https?:\/\/)([^\s/?#"'<>@:]{20,300})@(?=[\w.[-])/gi
const goPassword = /\b([\w-]{1,60}):([^\s@/]{1,200})@(tcp|unix)\(/g
const header = /\b(bearer|basic)\s{1,3}([\w.~+/-]{8,4000}={0,2})/gi

/** The text with every secret of a known shape replaced. */
export function redactTokens(text: string): string {
  let redacted = text
  if (text.length >= MIN_LENGTH_WITHOUT_PREFIX || beginning.test(text))
    for (const [kind, shape] of SHAPES) redacted = redacted.replace(shape, redactionMark(kind))
  if (redacted.includes('@'))
    redacted = redacted
      .replace(urlPassword, (_, scheme: string, user: string) => `${scheme}${user}:${redactionMark('password')}@`)
      .replace(urlToken, (_, scheme: string) => `${scheme}${redactionMark('token')}@`)
      .replace(goPassword, (_, user: string, net: string) => `${user}:${redactionMark('password')}@${net}(`)
  return redacted.replace(header, (all, scheme: string, value: string) =>
    looksRandom(value) ? `${scheme} ${redactionMark('token')}` : all,
  )
}

/** `Basic dXNlcjpwdw==` is a header, `basic authentication` is prose. */
function looksRandom(value: string): boolean {
  return /\d|[a-z][A-Z]|=$/.test(value)
}
