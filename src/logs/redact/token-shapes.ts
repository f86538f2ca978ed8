// The shapes of secrets that show what they are wherever they stand: keys of providers, web tokens, private keys.

/** A kind of secret, and the expression that finds it. Repetitions end at what cannot follow, so that each is linear. */
type Shape = readonly [kind: string, shape: RegExp]

/**
 * Shapes that begin with a documented prefix. None has an upper bound where its alphabet goes on: the rest of a longer
 * token would stand beside its mask.
 */
export const PREFIXED: readonly Shape[] = [
  [
    'private key',
    /-{4,5} ?BEGIN [\w -]{0,100}PRIVATE KEY(?: BLOCK)? ?-{4,5}[\s\S]*?(?:-{4,5} ?END [\w -]{0,100}PRIVATE KEY(?: BLOCK)? ?-{4,5}|$)/g,
  ],
  [
    'private key',
    /\bAGE-SECRET-KEY-1[0-9A-Z]{30,}|(?<=\bPrivate-Lines: \d{1,4}\s{1,2})[\w+/=\s]{20,}(?=Private-MAC|$)/g,
  ],
  ['jwt', /(?<![\w-])ey[A-Za-z0-9][\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}|\b(?:eyJrIjoi|ZXlK)[\w+/-]{40,}={0,3}/g],
  ['aws key', /\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b(?:[:/|,;]\s?[A-Za-z0-9+/=]{20,})?/g],
  ['aws key', /\bABSK[\w+/]{60,}={0,2}|\bbedrock-api-key-[\w+/=-]{20,}/g],
  ['vakt key', /\bvakt_(?:admin_|satellite_)?[A-Za-z0-9]{30,}/g],
  ['ping key', /(?<=\/ping\/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9]{22})(?![\w-])/g],
  ['ping key', /(?<=\/api\/push\/)[\w-]{10,}/g],
  ['telegram token', /(?<=\bbot|(?<![\w.:-]))\d{5,16}:A[\w-]{34,}/g],
  ['github token', /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})/g],
  ['gitlab token', /\b(?:gl(?:pat|dt|ffct|ft|imt|agent|oas|ptt|rt|soat|cbt)-[\w.-]{20,}|GR1348941[\w-]{20,})/g],
  [
    'slack token',
    /\b(?:xox[a-z](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{8,})|hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/+]{20,}/gi,
  ],
  ['discord token', /\/webhooks\/\d{15,22}\/[\w-]{40,}/g],
  ['anthropic key', /\bsk-ant-[\w-]{20,}/g],
  ['openai key', /\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[\w-]{32,}/g],
  ['stripe key', /\b(?:[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})/g],
  ['google key', /\bAIza[\w-]{35,}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}/g],
  ['twilio key', /\bSK[0-9a-fA-F]{32}(?!\w)/g],
  ['webhook', /\.webhook\.office\.com\/webhookb2\/[^\s"'<>]{20,}/g],
  ['vault token', /\bhv[bsr]\.[\w-]{20,}/g],
  // Prefixes with an underscore look like names, so letters and digits must go on without one.
  ['token', /\b(?:npm_|hf_|api_org_)[A-Za-z0-9]{30,}|\bdo[opr]_v1_[a-f0-9]{40,}|\bdckr_[po]at_[\w-]{20,}/g],
  ['token', /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,}|\blin_(?:api|oauth)_[A-Za-z0-9]{30,}|\brubygems_[a-f0-9]{40,}/g],
  ['token', /\bglsa_[A-Za-z0-9]{32,}_[A-Fa-f0-9]{8,}|\bglc_[A-Za-z0-9+/]{32,}={0,3}|\bsntrys_eyJ[\w+/=]{20,}/g],
  ['token', /\bsntryu_[a-f0-9]{60,}|\bpscale_(?:tkn|oauth|pw)_[\w=.-]{20,}|\bsm_[aps]at_[A-Za-z0-9]{16,}/g],
  [
    'token',
    /\bpnu_[A-Za-z0-9]{36,}|\brdme_[a-z0-9]{40,}|\bshippo_(?:live|test)_[a-fA-F0-9]{30,}|\bntn_[A-Za-z0-9]{40,}/g,
  ],
  [
    'token',
    /\bsgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40,}|\bfo1_[\w-]{43,}|\bfm(?:1[ar]|2)_[\w+/]{60,}={0,3}/g,
  ],
  [
    'token',
    /\bduffel_(?:test|live)_[\w=-]{30,}|\bCLOJARS_[a-z0-9]{50,}|\btfp_[\w.=-]{50,}|\bops_eyJ[\w+/]{60,}={0,3}/gi,
  ],
  // Others.
  ['token', /\bpypi-[\w-]{50,}|\bSG\.[\w=.-]{50,}|\bpul-[a-f0-9]{40,}|\bPMAK-[a-f0-9]{24}-[a-f0-9]{34,}/gi],
  ['token', /\bpplx-[A-Za-z0-9]{40,}|\bx(?:key|smtp)sib-[a-f0-9]{40,}-\w{16,}|\bFLWSECK(?:_TEST)?-\w{12,}(?:-X)?/g],
  ['token', /\bEAA[AMC][A-Za-z0-9_-]{22,}|\bsq0[a-z]{3}-[\w-]{22,}|\bfio-u-[\w=-]{40,}|\bp8e-[A-Za-z0-9]{32,}/g],
  ['token', /\bdt0[cs]01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64,}|\bdp\.(?:pt|st|sa|ct|scim|audit)\.[\w.-]{40,}/g],
  ['token', /\bEZ[AT]K[A-Za-z0-9]{50,}|\bdapi[a-f0-9]{32,}(?:-\d)?|\bHRKU-[\w-]{40,}|\bico-[A-Za-z0-9]{32,}/g],
  ['token', /\bs-s4t2(?:ud|af)-[a-f0-9]{60,}|\btk-us-[\w-]{40,}|\bAPI-[A-Z0-9]{25,}(?!\w)|\bsha256~[\w-]{40,}/g],
  [
    'token',
    /\bA3-[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5}(?!\w)|\bLTAI[A-Za-z0-9]{20,}|\bAKCp[A-Za-z0-9]{60,}|\bcmVmd[A-Za-z0-9]{55,}/g,
  ],
  ['token', /\bAT(?:ATT3|CTT3)[\w=-]{60,}|\bATBB[A-Za-z0-9]{24,}|\bNR(?:AK|II)-[\w-]{27,}|\bAQVN[\w-]{35,}/g],
  ['token', /\b4b1d[A-Za-z0-9]{38,}|\btskey-[a-z]{3,12}-[\w-]{16,}/g],
]

/** The prefixes of these shapes: most texts have none of them, which one search shows. */
export const PREFIX = new RegExp(
  [
    '--[- ]?BEGIN |AGE-S|Private-L|ey[A-Z]|ZXlK|A[KSB]IA|ACCA|A3[T-]|ABSK|bedrock-a|vakt_|/ping/|/api/push|\\d:A',
    'gh[pousr]_|github_pat_|gl[a-z]{2,5}-|GR134|xox|xapp-|hooks|[srSR]k[-_]|whsec_|AIza|ya29\\.|GOCSPX-|SK[0-9a-fA-F]{9}',
    '\\.office|hv[bsr]\\.|npm_|hf_|_org_|do[opr]_v1|dckr_|shp[acps]|lin_|rubygems_|gl(?:sa|c)_|sntry|pscale_|sm_[aps]at',
    'pnu_|rdme_|shippo_|ntn_|sgp_|fo1_|fm[12]|duffel_|clojars_|CLOJARS_|tfp_|ops_e|pypi-|SG\\.|pul-|PMAK-|pplx-|sib-',
    'FLWSECK|EAA[AMC]|sq0|fio-u|p8e-|dt0[cs]|dp\\.[a-z]|EZ[AT]K|dapi|HRKU|ico-|s-s4t|tk-us|API-|256~|LTAI|AKCp|cmVmd',
    'AT[AC]TT|ATBB|NR(?:AK|II)|AQVN|4b1d|tskey-|/webhooks/',
  ].join('|'),
)

/**
 * Shapes without a prefix, each with a part that its text must have, and whether it is one word as long as `MIN_TOKEN_LENGTH`
 * of the prefilter.
 */
export const UNPREFIXED: readonly (readonly [kind: string, part: string, isLong: boolean, shape: RegExp])[] = [
  ['discord token', '.', true, /(?<![\w.-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-]|\.\w)/g],
  ['token', '.', true, /\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64,}|\b[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20,}/g],
  ['token', '.atlasv1.', true, /\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}/g],
  ['token', '_mmk', false, /\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b/g],
  ['token', 'v1.0-', true, /\bv1\.0-[a-f0-9]{24}-[a-f0-9]{100,}/g],
  ['token', 'Q~', false, /(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,}/g],
  [
    'token',
    '.acc',
    true,
    /\b(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[\w+/=-]{30,}/g,
  ],
  ['token', '|', false, /(?<!\d)\d{15,16}\|[\w-]{27,}/g],
  ['token', '%', false, /(?<!\d)\d{15,16}%(?:7C)?[\w-]{27,}/g],
  ['vault token', 's.', false, /(?<![\w.-])s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.-])/g],
]
