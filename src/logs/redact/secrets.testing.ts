// Random secrets of every kind and the sentences they leak in, for the tests of redaction.
import fc from 'fast-check'
import { luhn } from './cards.ts'

const ALNUM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const from = (alphabet: string, length: number, max = length): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: max })
const alnum = (length: number, max?: number) => from(ALNUM, length, max)
const upper = (length: number) => from(ALNUM.slice(26), length)
const prefixed = (prefix: string, rest: fc.Arbitrary<string>) => rest.map(text => prefix + text)

/** Tokens that show by their shape, wherever they stand. */
export const shapedSecret: fc.Arbitrary<string> = fc.oneof(
  prefixed('AKIA', upper(16)),
  prefixed('ASIA', upper(16)),
  fc.tuple(fc.constantFrom('ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'), alnum(36)).map(parts => parts.join('')),
  prefixed('github_pat_', alnum(40, 82)),
  prefixed('glpat-', alnum(20)),
  fc.tuple(fc.constantFrom('xoxb-', 'xoxp-', 'xoxa-', 'xoxe-'), alnum(24, 60)).map(parts => parts.join('')),
  prefixed('xapp-1-', alnum(30, 60)),
  fc.tuple(upper(9), upper(9), alnum(24)).map(parts => `https://hooks.slack.com/services/${parts.join('/')}`),
  fc.tuple(from('0123456789', 18), alnum(68)).map(parts => `https://discord.com/api/webhooks/${parts.join('/')}`),
  fc.tuple(alnum(23), alnum(6), alnum(27, 38)).map(parts => `M${parts.join('.')}`),
  prefixed('sk-ant-api03-', alnum(60, 95)),
  prefixed('sk-proj-', alnum(40, 60)),
  fc.tuple(fc.constantFrom('sk_live_', 'sk_test_', 'rk_live_', 'whsec_'), alnum(24, 40)).map(parts => parts.join('')),
  prefixed('AIza', alnum(35)),
  prefixed('ya29.', alnum(40)),
  prefixed('npm_', alnum(36)),
  fc.tuple(alnum(20), alnum(30), alnum(43)).map(([head, body, sign]) => `eyJ${head}.eyJ${body}.${sign}`),
)

const password = fc.oneof(
  alnum(8, 30),
  from(`${ALNUM}!#$%*+./@^_~-`, 8, 30).map(text => `x9${text}x9`),
)
const name = fc.constantFrom(
  ...[
    'password',
    'passwd',
    'DB_PASSWORD',
    'dbPassword',
    'user.password',
    'api_key',
    'apiKey',
    'X-Api-Key',
    'secret',
    'otp',
  ],
  ...[
    'client_secret',
    'access_token',
    'refreshToken',
    'AWS_SECRET_ACCESS_KEY',
    'Authorization',
    'sessionid',
    'csrf',
    'jwt',
  ],
)

/** A secret and a sentence it leaks in. */
export const leak: fc.Arbitrary<{ secret: string; text: string }> = fc.oneof(
  shapedSecret.chain(secret =>
    fc.constantFrom(secret, `got ${secret}.`, `"${secret}"`, `k=${secret}&x=1`).map(text => ({ secret, text })),
  ),
  fc
    .tuple(name, password)
    .chain(([key, secret]) =>
      fc
        .constantFrom(
          ...[
            `${key}=${secret}`,
            `${key}: ${secret}`,
            `${key} = '${secret}'`,
            `"${key}":"${secret}"`,
            `{"a":1,"${key}" : "${secret}"}`,
          ],
          ...[
            `\\"${key}\\":\\"${secret}\\"`,
            `{${key}: ${secret}, user: ann}`,
            `${key} => "${secret}"`,
            `user[${key}]=${secret}&b=2`,
          ],
          ...[`<${key}>${secret}</${key}>`, `--${key} ${secret}`, `--${key}=${secret} --verbose`, `${key}="${secret}`],
          ...[`https://shop.example/?${key}=${secret}&page=2`, `${key}: Bearer ${secret}`],
        )
        .map(text => ({ secret, text })),
    ),
  password
    .map(secret => ({ secret: secret.replace(/[/@]/g, 'x'), text: '' }))
    .map(({ secret }) => ({
      secret,
      text: `postgres://shop:${secret}@db-1:5432/shop`,
    })),
  // Letters that read as words are a user name there: no rule can tell them from `DeploymentAccount`.
  alnum(20, 60)
    .filter(secret => !/^(?:[A-Z]?[a-z]{2,}\d{0,4})+$/.test(secret))
    .map(secret => ({ secret, text: `git clone https://${secret}@git.example/shop.git` })),
  alnum(20, 60).map(secret => ({ secret: `${secret}1`, text: `Authorization: Bearer ${secret}1` })),
  alnum(20, 60).map(secret => ({ secret: `${secret}1`, text: `header bearer ${secret}1 sent` })),
  alnum(16, 40).map(secret => ({ secret, text: `Cookie: theme=dark; sid=${secret}; lang=de` })),
  alnum(16, 40).map(secret => ({ secret, text: `Set-Cookie: sid=${secret}; Path=/; HttpOnly` })),
  alnum(40, 200).map(secret => ({
    secret,
    text: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
  })),
  alnum(40, 200).map(secret => ({ secret, text: `-----BEGIN PRIVATE KEY-----\n${secret}` })),
  cardNumber().chain(digits =>
    fc.constantFrom('', ' ', '-').map(sign => {
      const shown = digits.length === 16 ? digits.replace(/(\d{4})(?=\d)/g, `$1${sign}`) : digits
      return { secret: shown, text: `paid with ${shown}, thanks` }
    }),
  ),
)

function cardNumber(): fc.Arbitrary<string> {
  const issuers = fc.constantFrom<[string, number]>(
    ['4', 16],
    ['51', 16],
    ['2221', 16],
    ['34', 15],
    ['6011', 16],
    ['36', 14],
  )
  return issuers.chain(([start, length]) =>
    from('0123456789', length - start.length - 1).map(middle => {
      const rest = start + middle
      return rest + [...'0123456789'].find(digit => luhn(rest + digit))!
    }),
  )
}
