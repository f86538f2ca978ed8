// The quick look at a text misses nothing that the expressions behind it find.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { mayBeSecret, PREFIX_TRAIT, traitsOf, traitsOfWide } from './prefilter.ts'
import { redact, redactThoroughly } from './redact.ts'
import { leak, shapedSecret } from './secrets.testing.ts'
import { PREFIX } from './token-shapes.ts'

/** Pieces of lines, among them what the single expressions look for. */
const piece = fc.oneof(
  { weight: 3, arbitrary: leak.map(({ text }) => text) },
  { weight: 2, arbitrary: shapedSecret },
  fc.string({ unit: 'binary-ascii', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.constantFrom(
    ...[
      ' -p hunter22 ',
      ' -u me:hunter22 ',
      'mysql -u root -phunter22',
      'login me password hunter22',
      'mot de passe: abc',
    ],
    ...['Basic dXNlcjpwdzEyMw==', 'bearer abcdef123456', "identified by 'hunter22'", '<password>hunter22</password>'],
    ...[
      'name="password" value="hunter22"',
      'user:hunter22@tcp(',
      'https://me:hunter22@db.local',
      '--password hunter22',
    ],
    ...[
      '4111 1111 1111 1111',
      '4111-1111-1111-1111',
      '%70assword=hunter22',
      'p\u200bassword=hunter22',
      'пароль: hunter22',
    ],
    ...['key', 'token', ' ', ': ', '=', '\n', '"', "'", '{', '@', '.', '/', 'x'.repeat(60), '\u001b[31m', '\0'],
  ),
)
const text = fc.array(piece, { maxLength: 6 }).map(pieces => pieces.join(''))

describe('the traits of a text', () => {
  it('lead to the same redaction as trying every expression', () => {
    fc.assert(
      fc.property(text, line => {
        if (mayBeSecret(traitsOf(line))) expect(redact(line)).toBe(redactThoroughly(line))
        else expect(redact(line)).toBe(line)
      }),
      { numRuns: runs(1000) },
    )
  })

  it('are the same by bytes and by characters', () => {
    fc.assert(
      fc.property(text, line => {
        expect(traitsOf(line)).toBe(traitsOfWide(line))
      }),
      { numRuns: runs(1000) },
    )
  })

  it.each([
    ...[
      'password',
      'passwd',
      'passphrase',
      'passcode',
      'pwd',
      'secret',
      'credential',
      'api_key',
      'accesskey',
      'private-key',
    ],
    ...[
      'authorization',
      'cookie',
      'sessionid',
      'sess_id',
      'sess-id',
      'sess.id',
      'sessid',
      'csrf',
      'xsrf',
      'cvv',
      'cvc',
    ],
    ...[
      'card_number',
      'cardno',
      'card.no',
      'ccnumber',
      'cc_number',
      'token',
      'pass',
      'jwt',
      'bearer',
      'otp',
      'psk',
      'pw',
    ],
    ...['db_pw', 'rootpw', 'redispass', 'wpa_psk', 'pin', 'hmac', 'signature', 'sig', 'auth', 'session', 'sid'],
    ...['passwort', 'pass_wort', 'passord', 'kennwort', 'motdepasse', 'contrasena', 'senha', 'wachtwoord', 'losenord'],
    ...[
      'salasana',
      'adgangskode',
      'haslo',
      'lösenord',
      'hasło',
      'şifre',
      'contraseña',
      'пароль',
      'гасло',
      'κωδικός',
      '密码',
      '密碼',
      '비밀번호',
      'mot de passe',
      'パスワード',
    ],
  ])('are those of a secret under the name %s', name => {
    for (const value of ['a1b2c3d4e5f6a7b8', '1234567'])
      for (const text of [
        `${name}=${value}`,
        `${name.toUpperCase()}: ${value}`,
        `{"${name}":"${value}"}`,
        `{'${name}': '${value}'}`,
        `${name} = ${value}`,
        `{\\"${name}\\":\\"${value}\\"}`,
      ])
        expect(redact(text), text).toBe(redactThoroughly(text))
    expect(redact(`${name}=a1b2c3d4e5f6a7b8 ${name}=1234567`)).toContain('[hidden:')
  })

  it('have the triple of every prefix of a token', () => {
    const texts = alternatives(PREFIX.source).flatMap(expand)
    expect(texts.length).toBeGreaterThan(250)
    for (const prefix of texts) {
      expect(PREFIX.test(prefix)).toBe(true)
      for (const around of [prefix, `a ${prefix}b`]) expect(traitsOf(around) & PREFIX_TRAIT, around).not.toBe(0)
    }
  })
})

/** The alternatives of an expression or a group. */
function alternatives(source: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const sign = source[at]!
    if (sign === '[') inClass = true
    else if (sign === ']') inClass = false
    else if (!inClass && sign === '(') depth++
    else if (!inClass && sign === ')') depth--
    if (sign === '|' && depth === 0 && !inClass) parts.push('')
    else parts[parts.length - 1] += sign === '\\' ? sign + source[++at] : sign
  }
  return parts
}

const PART = /^(?:\[([^\]]+)\]|\\d|\\(.)|\(\?:([^()]+)\)|(.))(\?|\{(\d+)(?:,(\d+))?\})?/

/** The shortest and the longest texts of an expression without nested groups, with each character of its classes. */
function expand(source: string): string[] {
  if (source === '') return ['']
  const [whole, list, escaped, group, plain, repeat, least, most] = PART.exec(source)!
  const texts = list ? classOf(list) : group ? alternatives(group).flatMap(expand) : [escaped ?? plain ?? '7']
  const counts = repeat === '?' ? [0, 1] : repeat ? [Number(least), Number(most ?? least)] : [1]
  const heads = counts.flatMap(count => texts.map(each => each.repeat(count)))
  return heads.flatMap(head => expand(source.slice(whole.length)).map(tail => head + tail))
}

function classOf(list: string): string[] {
  return list
    .replace(/(.)-(.)/g, (_, from: string, to: string) => {
      const codes = Array.from({ length: to.charCodeAt(0) - from.charCodeAt(0) + 1 }, (_, i) => from.charCodeAt(0) + i)
      return String.fromCharCode(...codes)
    })
    .split('')
}
