// Scenario files: errors are reported with line and field; the built-in scenarios are valid.
import { describe, expect, it } from 'vitest'
import { readCsv } from './csv.ts'
import { builtInScenarios, parseScenario, readScenario } from './read-scenario.ts'

const file = (sources: string, faults = '') => `name: t
duration: 10m
sources:
  - {kind: json, name: api, rate: 1}
  - {kind: beats, name: backup, every: 1m, grace: 30s}
  - ${sources || '{kind: noise, name: hum, rate: 1}'}
faults:
  - ${faults || '{kind: outage, name: out, at: 1m, for: 1m}'}
`
const wrong = (text: string): string => {
  try {
    parseScenario(text, 'mine.yaml')
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

describe('an invalid scenario file', () => {
  it.each<[string, string]>([
    ['name: [', 'line 1'],
    ['', 'line 1: a scenario is invalid'],
    ['name: t\nduration: 5m\nsources: []', 'line 3: sources must have at least one source'],
    ['name: t\nsources:\n  - {kind: noise, name: hum, rate: 1}', 'line 1: duration must be a duration'],
    [
      'name: t\nduration: soon\nsources:\n  - {kind: noise, name: hum, rate: 1}',
      'line 2: duration must be a duration such as 90s, 5m or 1h',
    ],
    [
      'name: t\nduration: 40d\nsources:\n  - {kind: noise, name: hum, rate: 1}',
      'line 2: duration must be from 1000 ms to 31d',
    ],
    [file('{kind: jsonn, name: a, rate: 1}'), 'line 6: sources "a".kind must be one of json, csv'],
    [file('{kind: json, name: a, rate: fast}'), 'line 6: sources "a".rate must be a number of lines a second'],
    [file('{kind: json, name: a, rate: 1, colour: red}'), 'line 6: sources "a" has the unknown key "colour"'],
    [
      file('{kind: json, name: api, rate: 1}'),
      'line 6: sources "api".name "api" is already the name of another source',
    ],
    [file('{kind: json, name: a, rate: 1, levels: {loud: 3}}'), 'sources "a".levels'],
    [file('{kind: json, name: a, rate: 1, levels: {info: 0}}'), 'must give at least one level more than 0'],
    [
      file('{kind: json, name: a, rate: 1, windows: [{from: 2m, to: 1m}]}'),
      'sources "a".windows[0] must end after it begins',
    ],
    [
      file('{kind: json, name: a, rate: 1, windows: [{from: 1m, to: 3m}, {from: 2m, to: 4m}]}'),
      'windows[1] must begin after',
    ],
    [
      file('{kind: json, name: a, rate: 1, ramp: {up: 2m}, windows: [{from: 1m, to: 2m}]}'),
      'is shorter than its ramps',
    ],
    [
      file('{kind: json, name: a, rate: 1, burst: {every: 1m, for: 2m, times: 3}}'),
      'burst.for must not be longer than "every"',
    ],
    [file('{kind: beats, name: a, every: 1m, grace: 10s, run: 20s}'), 'run must be shorter than "grace"'],
    [
      file('', '{kind: spike, name: s, source: nobody, at: 1m, for: 1m, message: x}'),
      'line 8: faults "s".source "nobody" is not one of the sources',
    ],
    [
      file('', '{kind: spike, name: s, source: backup, at: 1m, for: 1m, message: x}'),
      'is of the kind beats; spike needs json',
    ],
    [file('', '{kind: missed-beat, name: s, source: backup, at: 1m, for: 1m}'), 'or no beat would be missed'],
    [file('', '{kind: outage, name: o, at: 9m, for: 2m}'), 'must not end after the end of the scenario'],
    [file('', '{kind: flood, name: o, at: 9m, for: 2m}'), 'must be one of spike, errors'],
  ])('%#: is reported', (text, sentence) => {
    const message = wrong(text)
    expect(message).toContain('The scenario mine.yaml is invalid:\n')
    expect(message).toContain(sentence)
  })

  it('reports at most eight errors, and survives aliases that would fill the memory', () => {
    const many = Array.from({ length: 30 }, (_, i) => `  - {kind: json, name: s${i}, rate: x}`).join('\n')
    expect(wrong(`name: t\nduration: 1m\nsources:\n${many}`).split('\n')).toHaveLength(10)
    const laughs = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`)
    expect(wrong(`a0: &a0 [x]\n${laughs.join('\n')}`)).toContain('The scenario mine.yaml is invalid')
  })
})

describe('the built-in scenarios', () => {
  it('can all be read', () => {
    expect(builtInScenarios()).toEqual(
      expect.arrayContaining(['burst', 'default', 'demo', 'high-errors', 'quiet-then-spike']),
    )
    for (const name of builtInScenarios()) expect(readScenario(name).scenario.name).toBe(name)
  })

  it('are listed when a scenario does not exist', () => {
    expect(() => readScenario('nope')).toThrow(/no scenario "nope".*burst.*path of a YAML file/)
  })
})

describe('a table', () => {
  it('is read with quotes, commas and line breaks in them', () => {
    expect(readCsv('\ufeffa,b\r\n1,"x, ""y"""\r\n2,"two\nlines"\n,\n')).toEqual([
      { a: '1', b: 'x, "y"' },
      { a: '2', b: 'two\nlines' },
      { a: '', b: '' },
    ])
  })

  it.each([
    ['', /no row/],
    ['a,b\n', /no row/],
    ['a,b\n1\n', /row 2 has 1 values, but the header has 2/],
    ['a,b\n1,"x\n', /row 2 has a quote/],
    ['a,b\n1,x"y\n', /row 2 has a quote/],
  ])('%j is rejected', (text, sentence) => {
    expect(() => readCsv(text)).toThrow(sentence)
  })
})
