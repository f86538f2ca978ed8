// Levels from names, numbers and the look of text lines.
import { describe, expect, it } from 'vitest'
import { priorityLevel } from '../formats/number-levels.ts'
import type { Level } from '../line.ts'
import { detectLevel, readLevel } from './levels.ts'

const names: [Level, string][] = [
  ['trace', 'trace TRACE Verbose silly finest trce V TRACE4'],
  ['debug', 'debug DBG dbug Fine CONFIG debug3 D'],
  ['info', 'info INFO Information notice NOTICE inf I log DEFAULT success INFO2'],
  ['warn', 'warn WARNING Warn wrn W [WARN] LogLevel.Warning WARN3'],
  ['error', 'error ERR SEVERE fail E Error: level.error ERROR4'],
  ['fatal', 'fatal CRITICAL crit Emergency alert PANIC dpanic F ftl'],
]

describe('a level', () => {
  it.each(names)('%s is spelled %s', (level, spellings) => {
    for (const spelling of spellings.split(' ')) expect([spelling, readLevel(spelling)]).toEqual([spelling, level])
  })

  it('is a number of syslog, pino or OpenTelemetry', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(number => readLevel(number))).toEqual([
      ...['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'],
    ])
    expect([10, 20, 30, 40, 50, 60, '30', 35].map(number => readLevel(number))).toEqual([
      ...['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'info', 'info'],
    ])
    expect([8, 9, 13, 17, 21, 24].map(number => readLevel(number))).toEqual([
      ...['debug', 'info', 'warn', 'error', 'fatal', 'fatal'],
    ])
    expect([1, 5, 10, 20, 24].map(number => readLevel(number, 'otel'))).toEqual([
      ...['trace', 'debug', 'info', 'error', 'fatal'],
    ])
    expect([10, 20, 30, 40, 50].map(number => readLevel(number, 'python'))).toEqual([
      ...['debug', 'info', 'warn', 'error', 'fatal'],
    ])
    expect([priorityLevel(131), priorityLevel(14)]).toEqual(['error', undefined])
  })

  it('is none when it means none', () => {
    for (const value of [
      'banana',
      '',
      null,
      {},
      true,
      -1,
      61,
      1e9,
      Number.NaN,
      'constructor',
      '__proto__',
      'e'.repeat(99),
    ])
      expect([value, readLevel(value)]).toEqual([value, null])
    expect([0, 25].map(number => readLevel(number, 'otel'))).toEqual([null, null])
  })
})

describe('the level of a text line', () => {
  it.each<[Level | null, string]>([
    ['error', 'E0102 15:04:05.123456   1 controller.go:12] sync failed'],
    ['info', 'I0102 15:04:05.123456   1 controller.go:12] no error so far'],
    ['error', '[ERROR] disk full'],
    ['warn', '(warn) low on space'],
    ['error', '[E] short'],
    ['error', '[Sat Nov 21 08:00:00.000 2026] [core:error] [pid 12] AH00124: exceeded'],
    ['error', '[error] 123#0: *1 connect() failed'],
    ['warn', 'time=2026 level=warning msg="slow"'],
    ['error', '{broken "level":"error"'],
    ['error', 'ERROR:root:division by zero'],
    ['warn', 'Warning: deprecated option'],
    ['error', 'fail: Microsoft.AspNetCore.Server[13]'],
    ['info', 'main INFO com.shop.Cart - retry after ERROR'],
    ['error', 'app[12]: ERROR: relation does not exist'],
    ['warn', 'W/ActivityManager( 12): slow'],
    ['error', '11-21 08:00:00.000  1702  2395 E WindowManager: gone'],
    ['fatal', 'panic: runtime error: index out of range'],
    ['fatal', "thread 'main' panicked at src/main.rs:4:5:"],
    ['error', 'Traceback (most recent call last):'],
    ['error', 'java.lang.IllegalStateException: closed'],
    ['error', 'ActionView::Template::Error (undefined method `x` for nil):'],
    ['error', 'Internal Server Error: /orders/7'],
    ['error', 'TypeError: x is not a function'],
    [null, 'no error found in 3 files'],
    [null, 'errors: 0, warnings: 0'],
    [null, 'failed logins today: 3'],
    [null, 'Note: read the manual'],
    [null, 'GET /error/500 200'],
    [null, '[http] listening on 80'],
    [null, 'I am fine'],
    [null, `${'x'.repeat(200)} ERROR far away`],
  ])('is %s in %j', (level, text) => expect(detectLevel(text)).toBe(level))
})
