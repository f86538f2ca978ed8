// Which Home tabs are shown, to whom, and how often, against a workspace that only counts.
import { beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import { createHomes } from './homes.ts'
import { createNewerBlocks, FORGETFUL } from './newer-blocks.ts'

/** The pages of members by channel; null for a channel that cannot be read. */
let members: Record<string, string[][] | null> = {}
let channels = ['C1']
let title = 'All clear'
let clock = createFakeClock(0)
let published: string[] = []
let publishing = async (_view: object) => {}
const asked: object[] = []
const stored = new Map<string, string>()

function start() {
  const web = {
    conversations: {
      async members({ channel, cursor, limit }: { channel: string; cursor?: string; limit: number }) {
        asked.push({ channel, limit, ...(cursor && { cursor }) })
        const pages = members[channel]
        if (!pages) throw new Error('missing_scope')
        const page = Number(cursor ?? 0)
        const next = page + 1 < pages.length ? String(page + 1) : ''
        return { members: pages[page], response_metadata: { next_cursor: next } }
      },
    },
    views: {
      async publish({ user_id, view }: { user_id: string; view: object }) {
        await publishing(view)
        published.push(`${user_id} ${/Join|All clear|1 open/.exec(JSON.stringify(view))?.[0]}`)
      },
    },
  }
  return createHomes({
    ...{ web: web as never, clock, logger: silentLogger, newerBlocks: createNewerBlocks(clock, FORGETFUL) },
    memory: { read: name => stored.get(name) ?? null, write: (name, text) => void stored.set(name, text) },
    channels: () => channels,
    channelName: () => '#ops',
    board: async () => ({ ok: true, card: { title, tone: 'plain' }, result: null, private: true, quiet: false }),
    isAdmin: async user => user === 'ADMIN',
    timeZone: 'UTC',
  })
}

beforeEach(() => {
  members = { C1: [['U1', 'U2']] }
  channels = ['C1']
  title = 'All clear'
  clock = createFakeClock(100 * HOUR)
  published = []
  publishing = async () => {}
  asked.length = 0
  stored.clear()
})

test('members of any page of any alert channel and admins may look, nobody else', async () => {
  members = { C1: [['U1'], ['U2'], ['U3']], C2: [['U4']] }
  channels = ['C1', 'C2']
  const homes = start()
  for (const user of ['U1', 'U2', 'U3', 'U4', 'ADMIN']) expect(await homes.mayLook(user), user).toBe(true)
  expect(await homes.mayLook('U5')).toBe(false)
  expect(asked).toEqual([
    { channel: 'C1', limit: 1_000 },
    { channel: 'C1', limit: 1_000, cursor: '1' },
    { channel: 'C1', limit: 1_000, cursor: '2' },
    { channel: 'C2', limit: 1_000 },
  ])
})

test('of a channel with endless pages ten are read', async () => {
  members = { C1: Array.from({ length: 12 }, (_, i) => [`U${i}`]) }
  const homes = start()
  expect(await homes.mayLook('U9')).toBe(true)
  expect(await homes.mayLook('U10')).toBe(false)
})

test('members are read again after five minutes, and of a channel that cannot be read the last ones count', async () => {
  members = { C1: [['U1']], C2: [['U2']] }
  channels = ['C1', 'C2']
  const homes = start()
  await homes.mayLook('U1')
  members = { C1: [['U3']], C2: null }
  await clock.advance(5 * MINUTE - 1)
  expect(await homes.mayLook('U3')).toBe(false)
  await clock.advance(1)
  expect([await homes.mayLook('U3'), await homes.mayLook('U1'), await homes.mayLook('U2')]).toEqual([true, false, true])
  // What is incomplete is read with every question.
  members.C2 = [['U4']]
  expect([await homes.mayLook('U4'), await homes.mayLook('U2')]).toEqual([true, false])
  members.C2 = null
  expect(await homes.mayLook('U4')).toBe(true)
})

test('a channel that was never readable has no members', async () => {
  members = { C1: null }
  expect(await start().mayLook('U1')).toBe(false)
})

test('a tab that is opened is shown each time, a refresh only what changed', async () => {
  const homes = start()
  await homes.open('U1')
  await homes.open('U1')
  await homes.open('U9')
  expect(published).toEqual(['U1 All clear', 'U1 All clear', 'U9 Join'])
  published = []
  homes.refresh()
  await settled()
  expect(published).toEqual([])
  title = '1 open'
  await clock.advance(30 * SECOND)
  homes.refresh()
  await settled()
  expect(published).toEqual(['U1 1 open'])
})

test('refreshes are thirty seconds apart; the last change of a burst is shown at the end of it', async () => {
  const homes = start()
  await homes.open('U1')
  published = []
  title = '1 open'
  homes.refresh()
  await settled()
  expect(published).toHaveLength(1)
  title = 'All clear'
  homes.refresh()
  await clock.advance(10 * SECOND)
  homes.refresh()
  await clock.advance(20 * SECOND - 1)
  expect(published).toHaveLength(1)
  await clock.advance(1)
  expect(published).toEqual(['U1 1 open', 'U1 All clear'])
  title = '1 open'
  await clock.advance(10 * MINUTE)
  expect(published).toHaveLength(2)
})

test('while a refresh takes long, the next one waits a second at a time', async () => {
  const homes = start()
  await homes.open('U1')
  published = []
  let release = () => {}
  publishing = () => new Promise<void>(resolve => (release = resolve))
  title = '1 open'
  homes.refresh()
  await clock.advance(40 * SECOND)
  title = 'All clear'
  homes.refresh()
  await settled()
  expect(published).toEqual([])
  release()
  publishing = async () => {}
  await clock.advance(SECOND)
  expect(published).toEqual(['U1 1 open', 'U1 All clear'])
})

test('a tab says as of when it is', async () => {
  const views: string[] = []
  publishing = async view => void views.push(JSON.stringify(view))
  await start().open('U1')
  expect(views[0]).toContain(`<!date^${100 * 3_600}^As of`)
})

test('a tab counts as open for twelve hours', async () => {
  const homes = start()
  await homes.open('U1')
  await clock.advance(12 * HOUR)
  title = '1 open'
  homes.refresh()
  await settled()
  expect(published).toHaveLength(2)
  await clock.advance(30 * SECOND)
  title = 'All clear'
  homes.refresh()
  await settled()
  expect(published).toHaveLength(2)
})

test('one tab that cannot be shown does not keep the others from it', async () => {
  const homes = start()
  await homes.open('U1')
  await homes.open('U2')
  published = []
  title = '1 open'
  let isFirst = true
  publishing = async () => {
    if (isFirst) {
      isFirst = false
      throw new Error('no answer')
    }
  }
  homes.refresh()
  await settled()
  expect(published).toEqual(['U2 1 open'])
  await clock.advance(30 * SECOND)
  homes.refresh()
  await settled()
  expect(published).toEqual(['U2 1 open', 'U1 1 open'])
})

test('the hundred tabs that were opened last outlive a restart', async () => {
  const homes = start()
  for (let i = 0; i < 101; i++) await homes.open(`P${i}`)
  await homes.open('P1')
  const kept = (JSON.parse([...stored.values()][0]!) as [string, number][]).map(([user]) => user)
  expect(kept).toHaveLength(100)
  expect([kept[0], kept.at(-2), kept.at(-1)]).toEqual(['P2', 'P100', 'P1'])
  published = []
  const again = start()
  again.refresh()
  await settled(20)
  expect(published).toHaveLength(100)
})

test.each(['{"U1":1}', 'no JSON'])('a stored %s means that none is open', async text => {
  stored.set('slack homes', text)
  start().refresh()
  await settled()
  expect(published).toEqual([])
})

test('after a stop nothing is shown', async () => {
  const homes = start()
  await homes.open('U1')
  title = '1 open'
  homes.refresh()
  await settled()
  title = 'All clear'
  homes.refresh()
  homes.stop()
  await clock.advance(MINUTE)
  homes.refresh()
  await settled()
  expect(published).toEqual(['U1 All clear', 'U1 1 open'])
})
