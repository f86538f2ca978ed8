// A mask never stands beside its secret: values of every form, and the ways secrets leak in real programs.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineOf } from '../intake/batches.testing.ts'
import { redact } from './redact.ts'

/** A text, and a part of its secret that must not be left. */
const LEAKS: [text: string, secret: string][] = [
  ["{'password': b'hunter2xyz'}", 'hunter2xyz'],
  ['{"passwords":["hunter2xyz","two"]}', 'two'],
  ['{"passwords":["hunter2xyz","two"]}', 'hunter2xyz'],
  ['{"cookies":{"sid":"abcq"}}', 'abcq'],
  ['password: |\n  x1y2z3\n  second line\nnext: 1', 'second'],
  ['password: |\n  x1y2z3\n  second line\nnext: 1', 'x1y2z3'],
  ['"msg":"password: |\\n  x1y2z3"', 'x1y2z3'],
  ['password: correct horse battery', 'battery'],
  ['password = correct horse battery', 'horse'],
  ['password=correct horse battery', 'battery'],
  ['password=[hidden:x]hunter2xyz', 'hunter2xyz'],
  ['password=hunter2[hidden:x]xyz', 'xyz'],
  ['passwords:\n  - hunter2\n  - two2\nother: 1', 'two2'],
  ['credentials:\n  user: annx\n  pass: zyx9\n', 'zyx9'],
  ["password='it''s me'", 's me'],
  ['password="abc"def', 'def'],
  ["password=abc'def", 'def'],
  ['password=a&bcd', 'bcd'],
  ['password="correct horse', 'horse'],
  ['cookies:map[sid:abcq lang:dexx]', 'dexx'],
  ["PASSWORD('hunter2xyz')", 'hunter2xyz'],
  ['GET /x?sig=Ab3dEf6hIj9kLm2nOp5q%3D&se=1', 'Ab3dEf6hIj9kLm2nOp5q'],
  [
    'https://b.s3.amazonaws.com/k?X-Amz-Credential=a&X-Amz-Signature=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
    '0f1e2d3c4b5a69788796',
  ],
  ["CREATE USER a IDENTIFIED BY 'hunter2xyz'", 'hunter2xyz'],
  ["ALTER ROLE a WITH PASSWORD 'hunter2xyz'", 'hunter2xyz'],
  ["create user a identified with mysql_native_password by 'hunter2xyz'", 'hunter2xyz'],
  ['curl -u ann:hunter2xyz https://x.y', 'hunter2xyz'],
  ['curl --user "ann:hunter2 xyz" https://x.y', 'xyz"'],
  ['mysql -h db -u root -phunter2xyz shop', 'hunter2xyz'],
  ['sshpass -p hunter2xyz ssh a@b', 'hunter2xyz'],
  ['machine x.y login ann password hunter2xyz', 'hunter2xyz'],
  ['psk=hunter2xyz', 'hunter2xyz'],
  ['wpa_psk: hunter2xyz', 'hunter2xyz'],
  ['pw=hunter2xyz', 'hunter2xyz'],
  ['pin=482913', '482913'],
  ['<password><![CDATA[hunter2xyz]]></password>', 'hunter2xyz'],
  ['<password type="x">hunter2xyz</password>', 'hunter2xyz'],
  ['<add key="Password" value="hunter2xyz"/>', 'hunter2xyz'],
  ['{"name":"DB_PASSWORD","value":"hunter2xyz"}', 'hunter2xyz'],
  ['x=1%26password%3Dhunter2xyz%26y=2', 'hunter2xyz'],
  ['{&quot;password&quot;:&quot;hunter2xyz&quot;}', 'hunter2xyz'],
  ['{"pass\\u0077ord":"hunter2xyz"}', 'hunter2xyz'],
  ['{"\\u0070assword":"hunter2xyz"}', 'hunter2xyz'],
  ['pass\u200bword=hunter2xyz', 'hunter2xyz'],
  ['p\u200ba\u200bssword=hunter2xyz', 'hunter2xyz'],
  ['ｐａｓｓｗｏｒｄ＝hunter2xyz', 'hunter2xyz'],
  ['Passwort=hunter2xyz', 'hunter2xyz'],
  ['passord=hunter2xyz', 'hunter2xyz'],
  ['mot_de_passe=hunter2xyz', 'hunter2xyz'],
  ['mot de passe : hunter2xyz', 'hunter2xyz'],
  ['contraseña: hunter2xyz', 'hunter2xyz'],
  ['пароль: hunter2xyz', 'hunter2xyz'],
  ['Пароль=hunter2xyz', 'hunter2xyz'],
  ['密码：hunter2xyz', 'hunter2xyz'],
  ['senha=hunter2xyz', 'hunter2xyz'],
  ['card 4111.1111.1111.1111 x', '4111.1111'],
  ['card 4111_1111_1111_1111 x', '4111_1111'],
  ['card 4111\u00a01111\u00a01111\u00a01111 x', '1111\u00a01111'],
  ['card 4111  1111  1111  1111 x', '1111  1111'],
  ['card 4111111111111111-1225 x', '4111111111111111'],
  [`key vakt_admin_${'Ab3d'.repeat(10)}`, 'Ab3dAb3d'],
  [`key vakt_${'Ab3d'.repeat(10)}.`, 'Ab3dAb3d'],
  ['GET /ping/7f9c24e8-3b1c-4f8a-9d2e-1a2b3c4d5e6f/start', '7f9c24e8'],
  [`GET https://v.x/ping/${'aB3dE'.repeat(4)}xy/nightly`, 'aB3dE'],
  [`https://api.telegram.org/bot123456789:AAH${'x'.repeat(32)}/sendMessage`, 'AAHx'],
  ['ping_key: aB3dE6', 'aB3dE6'],
  ['AWS AKIAIOSFODNN7EXAMPLX:wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYa', 'wJalr'],
  [`AGE-SECRET-KEY-1${'Q'.repeat(58)}`, 'QQQQ'],
  [
    'PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 2\nAAAAB3NzaC1yc2EAAAAB\nabcdefghijklmnop\nPrivate-MAC: 12',
    'abcdefgh',
  ],
  ['Cookie: a="b cq"; d=zyx', 'zyx'],
  ["-H 'Authorization: Bearer abc123def456'", 'abc123'],
  [
    'Authorization: AWS4-HMAC-SHA256 Credential=AK/2/x, SignedHeaders=host, Signature=abcdef0123456789abcdef',
    'abcdef0123',
  ],
  ['password: {"a": "hunter2xyz"}', 'hunter2xyz'],
  ['secret=Secret(value=abcq defq)', 'defq'],
  ['"password" : "a\\"bcdq"', 'bcdq'],
  ['{\\"passwords\\":[\\"hunter2xyz\\",\\"two2\\"]}', 'two2'],
  ['password=<hunter2xyz>', 'hunter2xyz'],
  ['password: “hunter2 xyz”', 'xyz'],
  ["password = r'hunter2 xyz'", 'xyz'],
  ["password=$'hunter2 xyz'", 'xyz'],
  [`ghp_${'a1'.repeat(200)}`, 'a1a1'],
  ['password: """a\nbcdq"""', 'bcdq'],
  [`github_pat_${'x1'.repeat(200)}`, 'x1x1'],
  ['passwords=[a,b] [hidden:x]', 'a,b'],
  ['password[]=hunter2xyz', 'hunter2xyz'],
  ["'password' => array('hunter2xyz','abcq')", 'abcq'],
  ['password?=hunter2xyz', 'hunter2xyz'],
  ['"password": ["hunter2xyz", "tw', 'hunter2xyz'],
  ['PASSWORD="a b" c', 'a b'],
  ['if password == "hunter2xyz"', 'hunter2xyz'],
  ["password === 'hunter2 xyz'", 'xyz'],
  ['Authorization: Digest username="bob", realm="x", response="0a1b2c3d0a1b2c3d", qop=auth', '0a1b2c3d'],
  ['{"h":"Authorization: Digest username=\\"bob\\", response=\\"0a1b2c3d\\""}', '0a1b2c3d'],
  ['Authorization: Signature keyId="x",algorithm="hs2019",signature="abcDEF123="', 'abcDEF123'],
  ['ansible_become_pass: hunter2xyz', 'hunter2xyz'],
  ['keytool -storepass hunter2xyz -list', 'hunter2xyz'],
  ['New-User -Password hunter2xyz -Name x', 'hunter2xyz'],
  ['docker login -u ann -p hunter2xyz reg.example', 'hunter2xyz'],
  [`tskey-auth-kAb3d-${'aB3d'.repeat(8)}`, 'aB3daB3d'],
  ['Pwd=/x7!hunter2;', 'hunter2'],
  ['password=abc[1]!x', '!x'],
  ['password="abc"!.x', '!.x'],
]

test.each(LEAKS)('in %j nothing is left of %j', (text, secret) => {
  const shown = redact(text)
  expect(shown).not.toContain(secret)
  expect(shown).toContain('[hidden:')
  expect(redact(shown)).toBe(shown)
})

const word = fc.stringMatching(/^[a-z]{3}[A-Z0-9!*~]{5,12}$/)
const name = fc.constantFrom('password', 'db_passwords', 'client_secret', 'credentials', 'adminPasswort', 'Cookies')

/** Forms of a value with two secrets in it. */
const forms: ((name: string, one: string, two: string) => string)[] = [
  (key, one, two) => `{"${key}":["${one}","${two}"],"n":1}`,
  (key, one, two) => `{"${key}": {"a": "${one}", "b": {"c": "${two}"}}}`,
  (key, one, two) => `{'${key}': [b'${one}', u'${two}']}`,
  (key, one, two) => `{\\"${key}\\":[\\"${one}\\",\\"${two}\\"]}`,
  (key, one, two) => `${key}: "${one} ${two}" next`,
  (key, one, two) => `${key}: '${one}''${two}' next`,
  (key, one, two) => `${key}:\n  - ${one}\n  - ${two}\nother: 1`,
  (key, one, two) => `${key}: |\n  ${one}\n  ${two}\nother: 1`,
  (key, one, two) => `  ${key}: >-\n    ${one}\n\n    ${two}\n  other: 1`,
  (key, one, two) => `${key}:\n  a: ${one}\n  b:\n    c: ${two}\n`,
  (key, one, two) => `${key}=map[a:${one} b:${two}] done`,
  (key, one, two) => `${key}=[hidden:password]${one}${two}`,
  (key, one, two) => `${key}=${one}[hidden:secret]${two}`,
  (key, one, two) => `<${key}><![CDATA[${one} ${two}]]></${key}>`,
  (key, one, two) => `${key}="${one} ${two}`,
  (key, one, two) => `${key}="""${one}\n${two}"""`,
]

test('no part of a value survives, whatever its form', () => {
  fc.assert(
    fc.property(name, word, word, fc.constantFrom(...forms), (key, one, two, form) => {
      const shown = redact(form(key, one, two))
      if (shown.includes(one) || shown.includes(two)) throw new Error(`${form(key, one, two)}\n${shown}`)
      expect(redact(shown)).toBe(shown)
    }),
    { numRuns: 2_000 },
  )
})

test('identifiers under such names stay, as attributes and in texts', () => {
  const { attributes } = lineOf({ message: 'm', sessionid: '0x14ede63a5a70002', auth: 'SIMPLE', sig: 11, pin: 'PA5' })
  expect(attributes).toEqual({ sessionid: '0x14ede63a5a70002', auth: 'SIMPLE', sig: 11, pin: 'PA5' })
  const masked = lineOf({
    message: 'm',
    sessionid: 'k3J9fLq2',
    sig: 'Ab3dEf6hIj9kLm2nOp5q',
    pin: 482_913,
    ping_key: 'x1',
  })
  expect(new Set(Object.values(masked.attributes))).toEqual(new Set(['[hidden:secret]']))
})

test('names, groups and tags keep no secret', () => {
  const line = lineOf({
    message: 'm',
    tags: ['password=hunter2xyz', 'ok'],
    group: 'prod/ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    host: 'h password=hunter2xyz',
    service: 'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'password=hunter2xyz': 1,
    nested: { 'token=hunter2xyz': 1 },
  })
  expect(JSON.stringify(line)).not.toMatch(/hunter2xyz|ghp_/)
  expect(line.tags).toContain('ok')
})

test.each([
  [{ headers: [{ name: 'Authorization', value: 'hunter2xyz' }] }],
  [{ env: [{ Key: 'DB_PASSWORD', Value: 'hunter2xyz' }] }],
  [{ env: [{ name: 'DB_PASSWORD', value: ['hunter2xyz'] }] }],
  [{ argv: ['deploy', '--password', 'hunter2xyz'] }],
])('the value of a pair is one of its name: %j', fields => {
  expect(JSON.stringify(lineOf({ message: 'm', ...fields }))).not.toContain('hunter2xyz')
})

test('pairs and options without secrets stay', () => {
  const fields = {
    env: [{ name: 'HOME', value: '/root' }],
    argv: ['--user', 'ann', '--password'],
    required: ['password', 'email'],
  }
  expect(lineOf({ message: 'm', ...fields }).attributes).toEqual(fields)
})
