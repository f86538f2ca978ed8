// A rule kind that is not Vakt's own, registered through the list alone: it works in every command and alerts.
import { expect, it } from 'vitest'
import { listProjects } from '../../projects/projects.ts'
import { startApp } from '../../testing/app.ts'
import { MINUTE } from '../../time.ts'
import { episodesOf } from './backtest.ts'
import { evaluateValues } from './evaluate-values.ts'
import { isBreached, type Rule, ruleTitle } from './rule.ts'
import type { RuleKind } from './rule-kind.ts'
import { COMMON_DEFAULTS, FOR, KEEP_FIRING, validateThreshold } from './rule-settings.ts'

const formatProjects = (count: number) => `${count} projects`

/** A kind that counts the projects of Vakt. */
const projectCount: RuleKind = {
  name: 'project-count',
  summary: 'There are too many projects',
  defaults: { ...COMMON_DEFAULTS, operator: '>=', for: MINUTE, keepFiring: MINUTE, severity: 'critical' },
  settings: [{ name: 'threshold', meaning: 'number of projects' }, FOR, KEEP_FIRING],
  title: '{value}',
  firstRule: { name: 'crowded', paused: true },
  validate: validateThreshold,
  formatValue: (_, value) => formatProjects(value),
  evaluation: {
    trigger: 'interval',
    *evaluate(state, rule, { now }) {
      const value = listProjects(state).length
      const measured = {
        subject: '',
        projectId: null,
        value,
        isBreached: isBreached(rule, value),
        title: (worst: number) => ruleTitle(rule, { where: '', value: formatProjects(worst) }, formatProjects(worst)),
        comparison: () => `${formatProjects(value)}; the rule ${rule.name} alerts at ${rule.threshold}.`,
        details: () => ({}),
        labels: {},
      }
      yield evaluateValues(state, rule, [measured], now)
    },
  },
  backtest: {
    from: 'counters',
    *episodes(state, rule: Rule, { from, until }) {
      const value = listProjects(state).length
      const readings = [from, until].map(at => ({ at, value, isBreached: isBreached(rule, value) }))
      yield episodesOf(rule, { subject: 'projects', projectId: null }, readings)
    },
  },
}

it('a rule kind of the list works from its first rule to its alert, its test and its end', async () => {
  const app = await startApp({ ruleKinds: [projectCount] })
  const text = (line: string) => app.answerText(line)
  const titles = () => app.titles()

  expect(await text('rules list')).toContain('crowded · project-count · for 1m · critical · paused')
  expect(await text('help rules add')).toContain('project-count (there are too many projects)')
  expect(await text('rules add many --kind project-count')).toBe('A threshold is required: --threshold 100.')
  expect(await text('rules add many --kind project-count --threshold 3 --window 5m')).toBe(
    'Rules of the kind project-count have no --window. Their settings are: --threshold, --for, --keep-firing.',
  )
  expect(await text('rules add many --kind project-count --threshold 3')).toContain('Rule many is active')
  expect(await text('rules show many')).toContain('There are too many projects.')
  expect(await text('rules show many')).toContain('--threshold 3 · number of projects (default: none)')

  for (const name of ['shop', 'blog']) await app.result(`projects add ${name}`)
  await app.passes('1m')
  expect(titles()).toEqual([])
  await app.passes('30s')
  expect(titles()).toEqual(['Critical: 3 projects'])
  expect(app.cardText()).toContain('3 projects; the rule many alerts at 3.')
  expect(await text('rules test many')).toContain('many would have sent 1 card in 1d')
  expect(await text('rules test many')).toContain('projects · at worst 3 projects')
  expect(await text('rules test many --threshold 4')).toContain('many with these settings would have sent 0 cards')

  await app.result('projects remove blog --yes')
  await app.passes('90s')
  expect(titles()).toEqual(['Resolved: 3 projects'])
})

it('a rule whose kind is not in the list is shown as such, not evaluated, and can be removed', async () => {
  let app = await startApp({ ruleKinds: [projectCount] })
  await app.result('rules add many --kind project-count --threshold 1 --for 0s')
  await app.passes('20s')
  expect((await app.result<{ alerts: object[] }>('alerts list')).alerts).toHaveLength(1)
  app = await app.restarts('1s', 'stopped', { ruleKinds: [] })
  const reply = await app.says('rules show many')
  expect(reply.ok && reply.card.lines).toContain(
    'This version of Vakt has no rule kind "project-count"; the rule is not evaluated.',
  )
  expect(await app.says('rules test many')).toMatchObject({ ok: false, problem: { code: 'not_found' } })
  await app.result('rules remove many --yes')
  expect((await app.result<{ alerts: object[] }>('alerts list')).alerts).toEqual([])
})

it('the former names of flags work and are not shown', async () => {
  const app = await startApp()
  const { rule } = await app.result<{ rule: object }>(
    'rules add busy --kind error-rate --hold 2m --quiet 10m --times 3 --minimum 5',
  )
  expect(rule).toMatchObject({
    for: 120_000,
    hold: 120_000,
    keep_firing: 600_000,
    quiet: 600_000,
    factor: 3,
    times: 3,
  })
  const text = await app.answerText('help rules add')
  expect(text).toContain('--keep-firing')
  expect(text).not.toMatch(/--(hold|quiet|times)/)
})
