// The search language, as people type it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import { aLine } from './lines.testing.ts'
import { matchesQuery } from './matches.ts'
import { parseQuery } from './parse.ts'
import { printQuery } from './print.ts'
import type { QueryNode } from './tree.ts'

const NOW = Date.parse('2026-11-21T14:10:00Z')
const ZONE = 'UTC'

const where = (text: string): QueryNode | null => parseQuery(text, NOW, ZONE).where
/** The query printed in full, which shows how it was understood. */
const understood = (text: string): string => printQuery(parseQuery(text, NOW, ZONE))

describe('the search language', () => {
  it.each([
    ['Timeout', 'timeout'],
    ['connection refused', 'connection refused'],
    ['"Connection  refused!"', '"connection refused"'],
    ['“from a phone”', '"from a phone"'],
    ['db-1', '"db 1"'],
    ["don't", '"don t"'],
    ['Timeou*', 'timeou*'],
    ['connection-timeo*', '"connection timeo"*'],
    ['a -b', 'a -b'],
    ['a NOT b', 'a -b'],
    ['NOT NOT a', '-(-a)'],
    ['a AND b', 'a b'],
    ['a OR b c', 'a OR (b c)'],
    ['a b OR c d', '(a b) OR (c d)'],
    ['(a OR b) c', '(a OR b) c'],
    ['-(a b)', '-(a b)'],
    ['((a))', 'a'],
    ['or and not', 'or and not'],
    ['"OR"', 'or'],
    ['"today"', '"today"'],
    ['call(x) => y', '"call x" /=>/ y'],
    ['a => b', 'a /=>/ b'],
    ['=>', '/=>/'],
    ['"=> /"', '/=> \\//'],
    ['❌ group:emo', '/❌/ group:emo'],
    ['-❌ group:emo', '-/❌/ group:emo'],
    ['NOT 🚀', '-/🚀/'],
    ['a OR ❌', 'a OR /❌/'],
    ['(❌)', '/❌/'],
    ['⚠️ disk', '/⚠/ disk'],
    ['-=> x', '-/=>/ x'],
    ['a -> b', 'a /->/ b'],
    ['a - b', 'a /-/ b'],
    ['a | b', 'a /\\|/ b'],
    ['message:❌', '/❌/'],
    ['-message:"=>"', '-/=>/'],
    ['--force', 'force'],
    ['level>=warn', 'level>=warn'],
    ['level:>=WARNING', 'level>=warn'],
    ['level:error', 'level:error'],
    ['level=err', 'level:error'],
    ['level!=debug', '-level:debug'],
    ['Severity:critical', 'level:fatal'],
    ['host:web-1', 'host:web-1'],
    ['Host:web-1', 'host:web-1'],
    ['service:api', 'source:api OR "service":api'],
    ['hostname:w', 'host:w OR "hostname":w'],
    ['tags:payments', 'tag:payments'],
    ['group:prod/*', 'group:prod/*'],
    ['trace_id:ab', 'trace:ab'],
    ['fingerprint:v1:3f2a', 'fingerprint:v1:3f2a'],
    ['project:shop span:9', 'project:shop span:9'],
    ['-host:web-1', '-host:web-1'],
    ['host!=web-1', '-host:web-1'],
    ['host:""', 'host:""'],
    ['user_id:42', 'user_id:42'],
    ['user_id=42', 'user_id:42'],
    ['user_id==42', 'user_id:42'],
    ['http.status>=500', 'http.status>=500'],
    ['delta<-1.5', 'delta<-1.5'],
    ['user:"Ann Lee"', 'user:"Ann Lee"'],
    ['user:“Ann Lee”', 'user:"Ann Lee"'],
    ['"user":"Ann \\"A\\" Lee"', 'user:"Ann \\"A\\" Lee"'],
    ['"host":x', '"host":x'],
    ['path:/api/users', 'path:"/api/users"'],
    ['fn:call(x)', 'fn:"call(x)"'],
    ['(user:ann)', 'user:ann'],
    ['message:timeout', 'timeout'],
    ['/time(out)?/', '/time(out)?/'],
    ['/Time out/i x', '/Time out/i x'],
    ['/a.b/gs', '/(?s)a.b/'],
    ['/a\\/b/', '/a\\/b/'],
    ['-/a/', '-/a/'],
    ['n:1..3', 'n>=1 n<=3'],
    ['-n:1..3', '-(n>=1 n<=3)'],
    ['n:1.5..*', 'n>=1.5'],
    ['n:..-3', 'n<=-3'],
    ['n:[1 TO 3] x', '(n>=1 n<=3) x'],
    ['n:{1 TO 3]', 'n>1 n<=3'],
    ['n:[* to 3}', 'n<3'],
    ['n:[* TO *]', 'n:*'],
    ['level:[warn TO error]', 'level>=warn level<=error'],
    ['level:warn..error', 'level>=warn level<=error'],
    ['!n:7', '-n:7'],
    ['!level:debug x', '-level:debug x'],
    ['!(a b)', '-(a b)'],
    ['!"a b"', '-"a b"'],
    ['!important', 'important'],
    ['path:a..b', 'path:"a..b"'],
    ['after:3', '"after":3'],
    ['from:ann', '"from":ann'],
    ['time>=5', '"time">=5'],
    ['id>1150736271837286400', 'id>1150736271837286400'],
    ['  ', ''],
  ])('understands %s as %s', (text, meaning) => expect(understood(text)).toBe(meaning))

  it.each([
    ['https://shop.example/cart?id=1', 'https shop example cart id 1'],
    ['at 12:30', 'at 12 30'],
    ['Error: x', 'error x'],
    ['TypeError:x', 'typeerror x'],
    ['"refused": x', 'refused x'],
    ['localhost:8080', 'localhost 8080'],
    ['db.internal:5432', 'db internal 5432'],
    ['10.0.0.1:80', '10 0 0 1 80'],
    ['server.ts:12:5', 'server ts 12 5'],
    ['std::io::Error', 'std io error'],
    ['fe80::1', 'fe80 1'],
    ['aa:bb:cc:dd:ee:ff', 'aa bb cc dd ee ff'],
    ['C:\\temp\\x', 'c temp x'],
    ['List<String>', 'list string'],
    ['a->b', 'a b'],
    ['x=>y', 'x y'],
    ['sha256:0123456789abcdef', 'sha256 0123456789abcdef'],
    ['/var/log/app.log', 'var log app log'],
    ['Group: x', 'group x'],
    ['mailto:ann', 'mailto ann'],
  ])('reads %s as text', (text, words) => {
    const line = aLine({ message: `before ${words} after` })
    expect(matchesQuery(parseQuery(text, NOW, ZONE), line)).toBe(true)
    expect(JSON.stringify(where(text))).not.toMatch(/"(attribute|field|level)"/)
  })

  it('counts the depth of parentheses, not their number', () => {
    expect(parseQuery('(a) '.repeat(40), NOW, ZONE).where).toMatchObject({ kind: 'and' })
  })

  it('does not read the http of an attribute as an address', () => {
    expect(where('http.status:500')).toEqual({ kind: 'attribute', path: 'http.status', comparison: '=', value: '500' })
  })

  it('answers any text with a query or an error that names the position', () => {
    const signs = fc.constantFrom(
      ...'()"-/*:=<>“” \\|&!@[]{}'.split(''),
      ' OR ',
      ' NOT ',
      'a',
      'level',
      'since:',
      'last:1h',
      '5',
    )
    const typed = fc.oneof(fc.string({ unit: signs, maxLength: 25 }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(typed, text => {
        try {
          parseQuery(text, NOW, ZONE)
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== 'invalid' || !error.fields?.where) throw error
        }
      }),
      { numRuns: runs(3000) },
    )
  })
})
