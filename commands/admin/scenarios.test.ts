// Scenarios as people and scripts are answered, over a runner that has what each test says.
import { expect, it } from 'vitest'
import type { ScenarioRun } from '../../src/jobs/scenarios/scenario-runner.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

const ended: ScenarioRun = {
  ...{ name: 'demo', project: 'simulation', seed: 'x', speed: 1, rate: 1, startedAt: NOW, startedBy: 'Ben' },
  ...{ endsAt: NOW + HOUR, state: 'ended', error: null, faults: [], verdict: null },
  sent: { lines: 5, beats: 1, requests: 2, rejected: 0, again: 0, lost: 0 },
}

function begin(runs: ScenarioRun[] = []) {
  const begun: object[] = []
  const list = [
    { name: 'demo', about: 'A shop.', durationMs: HOUR, isOwn: false, error: null },
    { name: 'mine', about: 'Mine.', durationMs: 5 * MINUTE, isOwn: true, error: null },
    { name: 'bad', about: '', durationMs: 0, isOwn: true, error: 'no YAML' },
  ]
  const scenarios = {
    list: () => list,
    runs: () => runs,
    async begin(options: object) {
      begun.push(options)
      return { ...ended, state: 'running' }
    },
    end: async () => ({ ...ended, state: 'stopped' }),
  }
  return { ...createCommandRunner({ scenarios }), begun }
}

it('the list says what each is, and which run', async () => {
  const { text, result } = begin([{ ...ended, name: 'mine', state: 'running' }, ended])
  expect(await text('scenarios list')).toBe(
    [
      ...[
        '(plain) 3 scenarios',
        'demo 1h. A shop.',
        'mine runs now, own, 5m. Mine.',
        'bad own, cannot be read: no YAML',
      ],
      '[Start the demo: scenarios start demo]',
    ].join('\n'),
  )
  expect(await result('scenarios list')).toMatchObject({
    scenarios: [{ name: 'demo', running: false, own: false }, { running: true }, {}],
  })
})

it('a start asks a person first, with all that was asked for', async () => {
  const { run, text, begun } = begin()
  const inChat = { interactive: true }
  const flags = '--rate 2 --speed 3 --project "my shop" --seed "a b" --clean'
  expect(await text(`scenarios start demo ${flags}`, inChat)).toContain(
    `[Play it: scenarios start demo ${flags} --yes]`,
  )
  expect(await text('scenarios start demo', inChat)).toContain(
    'Play the scenario demo?\nA shop. Its faults fire real alerts, with cards in your channels.\n[Play it: scenarios start demo --yes]',
  )
  expect(begun).toEqual([])
  // What is not there, or cannot be read, is a problem of the runner.
  for (const line of ['scenarios start bad', 'scenarios start nothing', `scenarios start demo ${flags} --yes`])
    expect((await run(line, inChat)).result).toMatchObject({ run: { state: 'running' } })
  expect(begun.at(-1)).toEqual({
    name: 'demo',
    rate: 2,
    speed: 3,
    project: 'my shop',
    seed: 'a b',
    isCleaned: true,
    by: 'Ann',
  })
  expect(await text('scenarios start demo')).toBe(
    [
      '(good) The scenario demo runs',
      ...['It ends 2026-03-02 10:00:00 UTC, and sends to the project simulation.', 'Its checks are paused at the end.'],
      ...[
        '[Status: scenarios status demo]',
        '[Stop: scenarios stop demo]',
        '[Its lines: logs search --project simulation]',
      ],
    ].join('\n'),
  )
  expect(await text('scenarios stop demo')).toBe(
    '(muted) The scenario demo is stopped\n5 lines and 1 beat in a run of 1h.',
  )
})

it('the status says what each run sent, and what its alerts found', async () => {
  expect(await begin().text('scenarios status')).toBe(
    '(plain) No scenario runs\n"scenarios start demo" plays one; "scenarios list" shows all.',
  )
  const running: ScenarioRun = {
    ...ended,
    name: 'mine',
    state: 'running',
    rate: 2,
    speed: 3,
    faults: ['the API is slow'],
  }
  const failed: ScenarioRun = {
    ...ended,
    state: 'failed',
    error: 'It broke.',
    sent: { ...ended.sent, rejected: 1, lost: 2 },
  }
  const { text, run, result } = begin([running, failed])
  expect((await run('scenarios status')).card).toMatchObject({
    ...{ title: '1 scenario running', tone: 'info', lines: [] },
    rows: [
      {
        name: 'mine',
        text: [
          { bold: 'mine' },
          ' running, project simulation, started by Ben. 5 lines and 1 beat at rate 2 at speed 3 in a run of 1h. Now: the API is slow.',
        ],
        action: { label: 'Stop', line: 'scenarios stop mine' },
      },
      {
        text: [
          { bold: 'demo' },
          ' failed, project simulation, started by Ben. 5 lines and 1 beat in a run of 1h; 1 line rejected, 2 requests lost. It broke.',
        ],
      },
    ],
  })
  const shown = await run('scenarios status demo')
  expect(shown.card).toMatchObject({ title: '0 scenarios running', tone: 'plain', rows: { length: 1 } })
  expect(shown.card.rows![0]!.action).toBeUndefined()
  expect(await result('scenarios status mine')).toMatchObject({ runs: [{ name: 'mine' }] })
  expect(await text('scenarios status other')).toContain('No scenario runs')
  for (const rejected of [0, 1]) {
    const lost = begin([{ ...ended, sent: { ...ended.sent, rejected, lost: 1 } }])
    expect(await lost.text('scenarios status')).toMatch(/; [01] lines? rejected, 1 request lost\./)
  }
})

it('the verdict counts the faults, and names those that were missed', async () => {
  const verdict = (missed: string[], wrong: number) =>
    ({
      found: [1, 2].map(id => ({ fault: { name: `f${id}` }, alert: { id }, after: 1.5 })),
      missed: missed.map(name => ({ name })),
      ...{ wrong: Array(wrong).fill({ id: 9 }), precision: 0.5, recall: 1 },
    }) as never
  const { run, result } = begin([
    { ...ended, verdict: verdict([], 0) },
    { ...ended, verdict: verdict(['disk', 'api'], 1) },
  ])
  const texts = (await run('scenarios status')).card.rows!.map(({ text }) => JSON.stringify(text))
  expect(texts[0]).toContain('2 of 2 faults found, 0 other alerts.')
  expect(texts[1]).toContain('2 of 4 faults found (missed: disk, api), 1 other alert.')
  expect(await result('scenarios status')).toMatchObject({
    runs: [
      {
        verdict: { found: [{ fault: 'f1', alert: 1, after_ms: 2 }, { fault: 'f2' }], missed: [], wrong: [], recall: 1 },
      },
      { verdict: { missed: ['disk', 'api'], wrong: [9], precision: 0.5 } },
    ],
  })
})
