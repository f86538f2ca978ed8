// Secrets are always redacted, ordinary text never is, personal data by the project's setting.

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { lineOf, linesOf } from '../intake/batches.testing.ts'
import { decrypt } from './cipher.ts'
import { isIban } from './personal.ts'
import { createRedactor, redact } from './redact.ts'
import { isSecretName } from './secret-names.ts'
import { leak, shapedSecret } from './secrets.testing.ts'

const before = fc.constantFrom('', 'login failed ', 'x: ', '日本 ', '{"a": ', 'curl -H "', '\n', '(')
const after = fc.constantFrom('', ' again', '\nnext line', ' – done', ')')

describe('a secret', () => {
  it('never survives in a text', () => {
    fc.assert(
      fc.property(leak, before, after, ({ secret, text }, head, tail) => {
        const shown = redact(head + text + tail)
        if (shown.includes(secret)) throw new Error(`${head + text + tail}\n${shown}`)
        expect(shown).toContain('[hidden:')
        expect(shown.startsWith(head)).toBe(true)
      }),
      { numRuns: runs(5000) },
    )
  })

  it('never survives in any part of a line', () => {
    fc.assert(
      fc.property(leak, ({ text, secret }) => {
        const record = { message: text, stack: text, note: text, deep: { list: [text] }, attributes: { k: text } }
        const json = JSON.stringify(lineOf(record))
        expect(json).not.toContain(JSON.stringify(secret).slice(1, -1))
      }),
    )
    fc.assert(
      fc.property(shapedSecret, secret => {
        expect(JSON.stringify(linesOf(`ERROR ${secret}\n  at x`, { format: 'text' }))).not.toContain(secret)
      }),
    )
  })

  it('under a secret name is masked as a whole, whatever its type', () => {
    const record = {
      message: 'm',
      password: 'a',
      user: { api_key: 12345, tokens: ['t'], Cookie: { sid: 's' } },
      csrfToken: ['x'],
    }
    expect(lineOf(record).attributes).toEqual({
      password: '[hidden:secret]',
      user: { api_key: '[hidden:secret]', tokens: ['t'], Cookie: '[hidden:secret]' },
      csrfToken: '[hidden:secret]',
    })
    expect(lineOf({ message: 'm', password: true, secret: null, token: '' }).attributes).toEqual({
      password: true,
      secret: null,
      token: '',
    })
  })

  it('does not show where a message is cut', () => {
    const secret = `ghp_${'a1'.repeat(18)}`
    for (let room = 0; room < 60; room++) {
      const { message } = lineOf(
        { message: `${'x '.repeat(100)}${secret} end` },
        { limits: { lines: 1, messageBytes: 180 + room } },
      )
      expect(message).not.toMatch(/ghp_a1/)
    }
  })

  it('leaves its surroundings', () => {
    expect(redact('login of ann with password=hunter2, retry=3')).toBe(
      'login of ann with password=[hidden:password], retry=3',
    )
    expect(redact('{"user":"ann","apiKey":"abc","n":1}')).toBe('{"user":"ann","apiKey":"[hidden:secret]","n":1}')
    expect(redact('postgres://shop:pw@db/shop?a=1')).toBe('postgres://shop:[hidden:password]@db/shop?a=1')
    expect(redact('Cookie: a=b; c=d\nHost: x')).toBe('Cookie: [hidden:cookie]\nHost: x')
    expect(redact('paid 4111 1111 1111 1111 at 12:00')).toBe('paid [hidden:card] at 12:00')
    expect(redact(redact('password=a token: b'))).toBe(redact('password=a token: b'))
  })

  it.each([
    '7f9c24e8-3b1c-4f8a-9d2e-1a2b3c4d5e6f',
    'commit 3f2a9c81d4e5b6a7f8091a2b3c4d5e6f70819203',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'v1.22.333-beta.4+build.5',
    '2026-11-21T08:00:05.123456789Z took 1795248005123456789 ns',
    'order 4539578763621487 of 2026', // A Visa number whose check digit is wrong.
    'order 1234567890123456',
    'order 1234567890123452', // Its check digit is right, but no issuer's numbers begin so.
    'blk_-4111111111111111 is missing',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736',
    'GET /api/users?page=2&sort=key 200 in 12ms',
    'cache miss for key cart:48213',
    'basic authentication is off',
    'bearer of good news',
    'Invalid password: too short',
    'token: expired',
    'password=***',
    'token_count=512 max_tokens: 100',
    'primary_key=id author: ann',
    'password_reset_at=2026-11-21 secretName: shop-db',
    'passed 12 tests, 0 failed',
    'https://shop.example/cart?id=1',
    'https://DeploymentAccount@shop.example/cart.git',
    'https://deploymentaccountproduction@shop.example/cart.git',
    'ssh git@github.com:shop/cart.git',
    'disk-12345678901234567890123456789 risk-free',
    'at com.shop.TokenService.key(TokenService.java:42)',
    'ann@shop.example from 10.2.33.12, +49 30 1234567, DE89 3704 0044 0532 0130 00',
    'x'.repeat(200),
  ])('is not seen in %s', text => expect(redact(text)).toBe(text))

  it('is recognized by its name', () => {
    const secret = [
      'password',
      'DB_PASS',
      'X-Api-Key',
      'clientSecret',
      'access_token',
      'PHPSESSID',
      'Authorization',
      'sshKey',
      'cvv',
    ]
    const plain = [
      'key',
      'tokens',
      'token_count',
      'passport',
      'monkey',
      'author',
      'secret_name',
      'public_key',
      'apiKeyId',
      'compass',
    ]
    expect(secret.filter(name => !isSecretName(name))).toEqual([])
    expect(plain.filter(isSecretName)).toEqual([])
  })

  it('is searched in linear time', () => {
    const evil = [
      'password=\\"',
      'a:',
      'x@',
      '4111 ',
      '<a>',
      'eyJa.',
      'https://a:',
      '-----BEGIN PRIVATE KEY-----',
      'bearer ',
      'k="',
      "'",
      'a.',
      '+1 ',
      '::',
      'DE89',
      '--password ',
      'password=[',
      'password=["',
      'password={"a":',
      'password:\n',
      'password: |\n',
      'ey0-',
      "password='",
      'curl -u ',
      'mysql ',
      'name="password" ',
      "password('",
      'login a password ',
      '%25',
      '&#x2',
      '\u200b',
      'password: a ',
      '[hidden:secret]',
      'cookie: a="',
      '<password>',
      '<a b',
      '4111.',
      'sc_abcde.abcd.acc_',
      'Private-Lines: 1\n',
    ]
    const redactor = createRedactor({ email: 'mask', ip: 'mask', phone: 'mask', iban: 'mask' }, null)
    // With anything worse than linear time the test would exceed its timeout many times over.
    for (const text of evil) expect(redactor.text(text.repeat(500_000 / text.length)).length).toBeGreaterThan(0)
  })
})

const personal: [string, string, string[]][] = [
  ['email', 'ann.lee+x@shop.example', ['not@', '@here', 'a@b', 'user@host']],
  ['ip', '10.2.33.12', ['1.2.3', '300.1.1.1', '1.2.3.4.5', '12:30:45', 'std::io', 'v1.2.3.4-beta']],
  ['ip', '2001:db8::ff00:42:8329', ['::x', 'ab:cd', '2026-11-21T08:00:05Z']],
  ['phone', '+49 30 1234567', ['2026-11-21', '12345678', '1795248005123', '+5', '10.2.33.12']],
  ['phone', '+47 123456', ['+47 12345']],
  ['phone', '+49 12345678901234 5', ['+49 12345678901234 56']],
  ['phone', '(555) 123-4567', ['(555) 12', '7f9c24e8-3b1c-4f8a-9d2e-1a2b3c4d5e6f']],
  ['iban', 'DE89 3704 0044 0532 0130 00', ['DE88 3704 0044 0532 0130 00', 'AB12CD34']],
  ['iban', 'GB82WEST12345698765432', ['GB82WEST12345698765433']],
]

// Norway has the shortest IBAN, and the standard allows 34 signs; the check digits of all these are right.
it.each([
  ['NO93 8601 1117 947', true],
  [ibanOf('XK', '1234567890'), false],
  [ibanOf('XK', '12345678901'), true],
  [ibanOf('XK', '1'.repeat(30)), true],
  [ibanOf('XK', '1'.repeat(31)), false],
])('%s has the length of an IBAN: %s', (text, expected) => {
  expect(isIban(text)).toBe(expected)
})

/** An account number with its check digits (ISO 7064, MOD 97-10). */
function ibanOf(country: string, account: string): string {
  const digits = `${account}${country}00`.replaceAll(/[A-Z]/g, letter => String(Number.parseInt(letter, 36)))
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${account}`
}

describe('personal data', () => {
  const key = randomBytes(32)

  it.each(personal)('of kind %s such as %s is kept, masked or encrypted by the setting', (kind, value, others) => {
    const text = `user ${value}, ok`
    expect(createRedactor({}, key).text(text)).toBe(text)
    expect(createRedactor({ [kind]: 'keep' }, key).text(text)).toBe(text)
    expect(createRedactor({ [kind]: 'mask' }, key).text(text)).toBe(`user [hidden:${kind}], ok`)
    const encrypted = createRedactor({ [kind]: 'encrypt' }, key).text(text)
    expect(encrypted).toMatch(new RegExp(`^user \\[enc:${kind}:[\\w-]+\\], ok$`))
    expect(decrypt(encrypted, key)).toBe(text)
    expect(createRedactor({ [kind]: 'encrypt' }, null).text(text)).toBe(`user [hidden:${kind}], ok`)
    for (const other of others)
      expect(createRedactor({ [kind]: 'mask' }, key).text(`x ${other} y`)).toBe(`x ${other} y`)
  })

  it('has the same cipher text for the same value, another with another key, and needs the key to be decrypted', () => {
    const [one, two] = [key, randomBytes(32)].map(each =>
      createRedactor({ email: 'encrypt' }, each).text('a@shop.example'),
    )
    expect(createRedactor({ email: 'encrypt' }, key).text('a@shop.example')).toBe(one)
    expect(two).not.toBe(one)
    expect(decrypt(one!, randomBytes(32))).toBe(one)
    const changed = one!.replace(/.(?=.{3}\])/, sign => (sign === 'A' ? 'B' : 'A'))
    expect(decrypt(changed, key)).toBe(changed)
    expect(decrypt(one!.replace('email', 'phone'), key)).not.toContain('shop')
  })

  it('is redacted in every part of a line', () => {
    const privacy = { email: 'mask', ip: 'mask' } as const
    const record = { message: 'ann@shop.example', stack: 'at 10.0.0.1', user: { mail: ['ann@shop.example'] } }
    expect(lineOf(record, { privacy })).toMatchObject({
      message: '[hidden:email]',
      stack: 'at [hidden:ip]',
      attributes: { user: { mail: ['[hidden:email]'] } },
    })
  })

  it('survives any text around it', () => {
    const redactor = createRedactor({ email: 'encrypt', ip: 'encrypt', phone: 'encrypt', iban: 'encrypt' }, key)
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(...personal.map(([, value]) => value)),
        (text, value) => {
          const whole = `${text} ${value} ${text}`.toWellFormed()
          expect(decrypt(redactor.text(whole), key)).toBe(redact(whole))
        },
      ),
    )
  })
})
