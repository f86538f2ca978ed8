// Status pages over what is stored: whose pages they are, the state and the days of each component, and announced maintenance.
import { beforeEach, describe, expect, it } from 'vitest'
import { addMaintenance, endWindow, findMaintenance } from '../alerts/suppression/maintenance-windows.ts'
import { addCheck, readCheck, updateCheck } from '../checks/checks.ts'
import { recordFlip } from '../checks/flips.ts'
import { recordMeasurement } from '../probes/measurements.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR } from '../time.ts'
import { badgeJson, badgeSvg } from './badge.ts'
import { readShownPage } from './page-facts.ts'
import { pageHtml } from './page-html.ts'
import { pageDocument } from './page-json.ts'
import { componentState, downByDay, firstDay, pageState, type ShownPage } from './status-page.ts'
import { addPage, editPage, findPage, listComponents, listPages, removePage, setComponents } from './status-pages.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const TODAY = Date.parse('2026-03-02T00:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const page = (slug: string, projectId: number | null = null) =>
  addPage(state, { slug, projectId, title: 'T', about: '', whenDown: 'We know.', createdAt: NOW, createdBy: 'Ann' })
const check = (name: string, more: Parameters<typeof updateCheck>[2] = {}, draft: object = {}) => {
  const { id } = addCheck(
    state,
    { projectId: 1, name, timeZone: 'UTC', grace: 1, every: HOUR, severity: 'critical', ...draft },
    TODAY - 2 * DAY,
  )
  updateCheck(state, id, { status: 'up', ...more })
  return id
}

describe('the pages', () => {
  it('are found by their slug, in their project only when that is named', () => {
    const [b] = [page('b', 1), page('a', 2), page('c')]
    const slugs = (projectId?: number) => listPages(state, projectId).map(({ slug }) => slug)
    expect([slugs(), slugs(1), findPage(state, 'a', undefined).slug, findPage(state, 'a', 2).slug]).toEqual([
      ['a', 'b', 'c'],
      ['b'],
      'a',
      'a',
    ])
    expect(() => findPage(state, 'a', 1)).toThrow('There is no status page "a". Published: b.')
    expect(() => findPage(state, 'x', 9)).toThrow('No page is published.')
    let told = 0
    state.onCommit(topics => {
      if (topics.has('status pages')) told++
    })
    expect(editPage(state, b!, { title: 'New' }).title).toBe('New')
    expect([editPage(state, b!, {}).title, findPage(state, 'a', 2).title]).toEqual(['New', 'T'])
    removePage(state, b!)
    setComponents(state, findPage(state, 'c', undefined), [])
    expect([slugs(), told]).toEqual([['a', 'c'], 4])
    page('d')
    expect([findPage(state, 'c', undefined).slug, told]).toEqual(['c', 5])
  })

  it('have their components in order, each with a slug of its own', () => {
    const [own, other] = [page('a'), page('b')]
    const ids = ['x', 'y', 'z', 'w'].map(name => check(name))
    const set = (names: string[]) =>
      setComponents(
        state,
        own,
        names.map((name, i) => ({ checkId: ids[i]!, section: '', name })),
      )
    setComponents(state, other, [{ checkId: ids[0]!, section: '', name: 'kept' }])
    set(['old'])
    set(['Web', 'web', 'WEB', '★'])
    expect(listComponents(state, own).map(({ name, slug, position }) => `${position} ${name} ${slug}`)).toEqual([
      ...['0 Web web', '1 web web-2', '2 WEB web-3', '3 ★ component'],
    ])
    expect(listComponents(state, other)).toHaveLength(1)
  })
})

describe('what strangers see', () => {
  const read = (now = NOW) => readShownPage(state, findPage(state, 'p', undefined), now)
  const shows = (...components: [id: number, name: string, section?: string][]) => {
    page('p')
    setComponents(
      state,
      findPage(state, 'p', undefined),
      components.map(([checkId, name, section = '']) => ({ checkId, name, section })),
    )
  }
  const plan = (name: string, matcher: string, startsAt: number, more: object = {}) =>
    addMaintenance(
      state,
      {
        projectId: null,
        name,
        matcher,
        cron: null,
        timeZone: 'UTC',
        duration: HOUR,
        days: 0,
        by: 'Ann',
        startsAt,
        endsAt: startsAt + HOUR,
        ...more,
      },
      NOW,
    )

  it('are the components by section with their state, and a sentence while something is down', () => {
    const up = check('up')
    const down = check('down', { status: 'down', missedAt: NOW - HOUR })
    const late = check('late', { lateAt: NOW })
    shows([up, 'Web', 'One'], [late, 'Jobs', 'Two'], [up, 'Shop', 'One'])
    const states = ({ sections }: ShownPage) =>
      sections.map(({ name, components }) => `${name}: ${components.map(own => `${own.name} ${own.state}`).join(', ')}`)
    expect([states(read()), read().state, read().message]).toEqual([
      ['One: Web operational, Shop operational', 'Two: Jobs degraded'],
      'degraded',
      null,
    ])
    setComponents(state, findPage(state, 'p', undefined), [
      { checkId: down, name: 'Db', section: '' },
      { checkId: up, name: 'Web', section: '' },
    ])
    expect(read()).toMatchObject({
      state: 'down',
      message: { text: 'We know.', at: null },
      sections: [{ components: [{ state: 'down' }, { downSince: null }] }],
    })
    editPage(state, findPage(state, 'p', undefined), { message: 'Soon.', messageAt: 5 })
    expect(read().message).toEqual({ text: 'Soon.', at: 5 })
    recordFlip(state, { id: down, status: 'up' }, 'down', NOW - 2 * HOUR)
    expect(read().sections[0]!.components[0]!.downSince).toBe(NOW - 2 * HOUR)
  })

  it('are the days of a check by its status, and those of a probe by its results', () => {
    const down = check('down', { status: 'down' })
    const probe = check('probe', {}, { probed: true })
    recordFlip(state, { id: down, status: 'up' }, 'down', TODAY + 6 * HOUR)
    recordMeasurement(
      state,
      probe,
      { at: TODAY + 2 * HOUR, ok: true, durationMs: 1 },
      { from: TODAY + HOUR, until: TODAY + 2 * HOUR, isUp: true },
    )
    recordMeasurement(
      state,
      probe,
      { at: TODAY + 4 * HOUR, ok: true, durationMs: 1 },
      { from: TODAY + 2 * HOUR, until: TODAY + 3 * HOUR, isUp: false },
    )
    shows([down, 'Job'], [probe, 'Web'])
    const [job, web] = read().sections[0]!.components
    expect([job!.days.length, job!.days.slice(-4), job!.availability]).toEqual([90, [null, 1, 1, 0.5], 54 / 60])
    expect([web!.days.slice(-2), web!.availability]).toEqual([[null, 0.5], 0.5])
    expect(firstDay(NOW)).toBe(TODAY - 89 * DAY)
    expect(firstDay(TODAY - 1)).toBe(TODAY - 90 * DAY)
    const touching = [
      { from: TODAY + HOUR, until: TODAY + 2 * HOUR },
      { from: TODAY, until: TODAY + HOUR },
      { from: TODAY, until: TODAY + HOUR / 2 },
    ]
    expect(downByDay({ createdAt: 0 }, touching, NOW).at(-1)).toEqual({ upMs: 10 * HOUR, downMs: 2 * HOUR })
  })

  it('is maintenance of the next week that is for their check, until it ends', () => {
    const [a, b] = [
      check('a', { status: 'down' }, { host: 'h' }),
      check('b', {}, { projectId: 2, severity: 'warning' }),
    ]
    shows([a, 'Web'], [b, 'Jobs'])
    plan('now', 'check:a', NOW - HOUR / 2)
    plan('soon', 'host:h', NOW + 7 * DAY)
    plan('far', '', NOW + 7 * DAY + 1)
    plan('other', 'check:c', NOW)
    plan('project', '', NOW + DAY, { projectId: 2 })
    plan('by name', 'project:shop severity:warning', NOW + 2 * DAY)
    endWindow(state, plan('over', '', NOW + HOUR), NOW, true)
    const planned = (now: number) =>
      read(now).maintenance.map(({ from, isActive, components }) => `${(from - NOW) / HOUR} ${isActive} ${components}`)
    expect(planned(NOW)).toEqual(['-0.5 true Web', '24 false Jobs', '48 false Jobs', '168 false Web'])
    expect(read().sections[0]!.components.map(own => own.state)).toEqual(['maintenance', 'operational'])
    expect(planned(NOW + HOUR / 2)[0]).toMatch(/^24/)
    expect(read(NOW - HOUR / 2).sections[0]!.components[0]!.state).toBe('maintenance')
    expect(read(NOW - HOUR / 2 - 1).sections[0]!.components[0]!.state).toBe('down')
    expect(read(NOW + HOUR / 2).sections[0]!.components[0]!.state).toBe('down')
    expect(findMaintenance(state, 'now').ended).toBe(false)
    expect(planned(NOW + DAY)[0]).toBe('24 true Jobs')
    expect(readCheck(state, a)?.status).toBe('down')
  })

  it('is maintenance by what would detect their failure', () => {
    shows([check('job'), 'Job'], [check('web', {}, { probed: true }), 'Web'])
    plan('jobs', 'detector:missed-beat', NOW)
    plan('by a word', 'job severity:critical', NOW + 2)
    plan('probes', 'detector:probe', NOW + 1)
    expect(read().maintenance.map(({ components }) => components)).toEqual([['Job'], ['Web'], ['Job']])
  })

  it('is one page for people and one for programs', () => {
    const down = check('down', { status: 'down', missedAt: NOW - HOUR })
    recordFlip(state, { id: down, status: 'up' }, 'down', NOW - HOUR)
    shows([down, 'Web'])
    const html = pageHtml(read(), 'UTC')
    expect(html).toContain('<h2>Systems</h2>')
    expect(html).toContain('Since <time datetime="2026-03-02T11:00:00.000Z">')
    expect(html).toContain('Days with an outage: 1')
    expect(html).toContain('<li>2026-03-02: ')
    expect(html).not.toContain('Maintenance</h2>')
    // 87 days are not known, two were up, and today was bad.
    const bars = (kind: string) =>
      (new RegExp(`<path class="${kind}" d="([^"]*)"`).exec(html)?.[1] ?? '').match(/M/g)?.length ?? 0
    expect(['n', 'u', 'd', 'x'].map(bars)).toEqual([87, 2, 0, 1])
    const shown = (days: (number | null)[], more: object = {}) =>
      pageHtml(
        {
          ...read(),
          sections: [{ name: 'S', components: [{ ...read().sections[0]!.components[0]!, days, ...more }] }],
        },
        'UTC',
      )
    expect(
      ['u', 'd', 'x'].map(kind => new RegExp(`class="${kind}"`).test(shown([0.999]) + shown([0.9989]) + shown([0.95]))),
    ).toEqual([true, true, false])
    expect(shown([0.9499])).toContain('class="x"')
    expect([shown([1]), shown([null])].map(text => text.includes('Days with'))).toEqual([false, false])
    expect(shown([null], { availability: null, downSince: null })).toContain('no data yet')
    expect(shown([1])).toContain('<h2>S</h2>')
    const message = { ...read(), message: { text: 'a\n<b>', at: null }, about: '' }
    expect(pageHtml(message, 'UTC')).toContain('<p>a<br>&lt;b&gt;</p></section>')
    expect(pageHtml({ ...message, message: { text: 'x', at: NOW }, about: 'About.' }, 'UTC')).toMatch(
      /<p class="faint">About\.<\/p>.*<p class="faint"><time/s,
    )
    expect(pageHtml({ ...message, message: null }, 'UTC')).not.toContain('<p></p>')
    const maintenance = [
      { from: NOW, until: NOW + HOUR, isActive: true, components: ['A', 'B'] },
      { from: NOW, until: NOW + HOUR, isActive: false, components: ['A'] },
    ]
    expect(pageHtml({ ...message, maintenance }, 'UTC')).toMatch(/Under way.*A, B.*Planned/s)
    const document = pageDocument({ ...read(), maintenance })
    expect(document).toMatchObject({
      ...{
        status: { state: 'down', description: 'Everything is down' },
        message: { text: 'We know.', at: null },
        updated_at: '2026-03-02T12:00:00.000Z',
      },
      maintenance: [{ active: true, from: '2026-03-02T12:00:00.000Z' }, { active: false }],
    })
    const [component] = document.groups[0]!.components
    expect([component!.down_since, component!.days.at(-1)?.date, component!.days[0]!.date]).toEqual([
      '2026-03-02T11:00:00.000Z',
      '2026-03-02',
      '2025-12-03',
    ])
    expect(pageDocument({ ...read(), message: null }).message).toBeNull()
  })
})

it.each([
  ['up', false, 'operational'],
  ['late', false, 'degraded'],
  ['down', false, 'down'],
  ['down', true, 'maintenance'],
  ['new', false, 'unknown'],
  ['paused', false, 'unknown'],
] as const)('a check that is %s (maintenance: %s) is %s', (status, isInMaintenance, shown) => {
  expect(componentState(status, isInMaintenance)).toBe(shown)
  expect(JSON.parse(badgeJson('x', shown))).toMatchObject({ schemaVersion: 1, label: 'x' })
})

it('a page is as bad as its worst component, and a badge as wide as its words', () => {
  expect(pageState(['operational', 'unknown'])).toBe('operational')
  expect([
    pageState([]),
    pageState(['unknown']),
    pageState(['maintenance', 'operational']),
    pageState(['maintenance', 'degraded']),
    pageState(['degraded', 'down']),
  ]).toEqual([...['unknown', 'unknown', 'maintenance', 'degraded', 'down']])
  const width = (name: string) => Number(/width="(\d+)"/.exec(badgeSvg(name, 'down'))?.[1])
  // Four characters of "down" are 26 px and 16 px of air; each of the label 6.6 px.
  expect([width('x'), width('xxxxxxxxxx'), width('x'.repeat(60)), width('x'.repeat(99))]).toEqual([65, 124, 454, 454])
  expect(badgeSvg('Web', 'down')).toMatch(
    /<path d="M36 0h39a3 3 .*<text x="8" y="14" textLength="20".*<text x="44" y="14" textLength="26"/,
  )
})
