// Live boards as people and scripts are answered, over a job that posts what each test says.
import { expect, it } from 'vitest'
import type { Channel } from '../../src/chat/channel.ts'
import { type Board, removeBoard, setBoard } from '../../src/notifications/boards/boards.ts'
import { eq } from '../../src/state/orm.ts'
import { boards, channels } from '../../src/state/schema/index.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { createMemoryChannel } from '../../src/testing/memory-channel.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

function begin() {
  const reachable = new Map<string, Channel>()
  const world = { ref: 'm1' as string | null, isPinned: true, errors: {} as Record<string, string>, isDeleted: true }
  const runner = createCommandRunner({
    boards: {
      card: (projectId: number | null) => ({
        title: `board of ${projectId}`,
        tone: 'good',
        lines: ['all is well'],
        footer: 'live',
      }),
      async add({ id }: Channel, projectId: number | null, setBy: string): Promise<Board> {
        setBoard(runner.state, { channelId: id, projectId, setBy }, NOW)
        return runner.state.db
          .update(boards)
          .set({ ref: world.ref, isPinned: world.isPinned })
          .where(eq(boards.channelId, id))
          .returning()
          .get()!
      },
      async remove(board: Board) {
        removeBoard(runner.state, board)
        return world.isDeleted
      },
      error: (id: string) => world.errors[id] ?? null,
    },
    parts: {
      channel: (id: string) => reachable.get(id),
      channelOf: (platform: string) => reachable.get(platform),
    },
  })
  const has = (id: string, edits = true) => {
    const channel = createMemoryChannel(id, () => NOW)
    reachable.set(id, Object.assign(channel, { name: `#${id}`, capabilities: { ...channel.capabilities, edits } }))
    runner.state.db
      .insert(channels)
      .values({ id, name: `#${id}`, addedAt: 0 })
      .run()
  }
  return { ...runner, world, has, reachable }
}

it('a board is shown in this channel, or in one that is named', async () => {
  const { run, text, result, has } = begin()
  has('discord')
  has('slack:1')
  expect(await text('board')).toBe(
    '(good) The board is live in #discord\nIt shows all projects. It is pinned.\n[Remove the board: board remove discord]',
  )
  expect(await result('board "#slack:1" --project default')).toEqual({
    board: {
      channel: 'slack:1',
      project: 'default',
      pinned: true,
      set_by: 'Ann',
      created_at: '2026-03-02T09:00:00.000Z',
      error: null,
    },
  })
  const by = { platform: 'discord', id: '1', name: 'Ann', role: 'admin', channel: 'slack:1' }
  expect((await run('board', { by })).card.title).toBe('The board is live in #slack:1')
})

it('a board that could not be posted or pinned says so', async () => {
  const { text, has, world } = begin()
  has('discord')
  world.isPinned = false
  expect(await text('board --project default')).toContain('It shows the project default. It could not be pinned:')
  world.ref = null
  expect(await text('board')).toContain(
    '(warning) The board will be live in #discord\nIt shows all projects. It could not be sent yet: no answer yet Vakt keeps trying.',
  )
  world.errors = { discord: 'The chat is down.' }
  expect(await text('board')).toContain('It could not be sent yet: The chat is down. Vakt keeps trying.')
})

it('where messages cannot be edited the board is shown once, and not in a channel that is named', async () => {
  const { run, text, has, reachable } = begin()
  expect((await run('board --project default')).card).toEqual({
    title: 'board of 1',
    tone: 'good',
    lines: ['all is well'],
  })
  has('discord', false)
  expect(await run('board')).toMatchObject({ card: { title: 'board of null' }, result: { board: null } })
  expect(await text('board "#discord"')).toContain('A message in #discord cannot be changed once it is sent')
  reachable.clear()
  expect(await text('board "#discord"')).toBe('The channel #discord cannot be reached at the moment.')
  expect((await run('board now --project default')).card.title).toBe('board of 1')
  expect((await run('board now')).card.title).toBe('board of null')
})

it('a board that is shown once says what concerns the person who asks', async () => {
  const { run, state } = begin()
  await run('oncall member add ann --discord 100000000000000001')
  await run('oncall member add ben --discord 100000000000000002')
  await run('oncall add primary --members ann')
  await run('oncall add other --members ben')
  storeAlert(state, { state: 'acknowledged', acknowledgedBy: 'Ann' })
  storeAlert(state, { state: 'acknowledged', acknowledgedBy: 'Ben' })
  storeAlert(state, { state: 'acknowledged', acknowledgedBy: 'Ann' })
  storeAlert(state, { state: 'resolved', resolvedAt: 1, acknowledgedBy: 'Ann' })
  const by = { platform: 'discord', id: '100000000000000001', name: 'Ann', role: 'viewer' }
  const { lines } = (await run('board now', { by })).card
  expect(lines!.slice(1)).toEqual([
    ['You are on call (', 'primary', ') until ', { time: NOW + 7 * 24 * 3_600_000, style: 'moment' }, '.'],
    expect.stringMatching(/^You have alert [13], alert [13]\.$/),
  ])
})

it('boards are listed with what is wrong with them', async () => {
  const { run, text, result, has, world, reachable } = begin()
  expect(await text('board list')).toContain('"board" in a channel shows a live board there.')
  has('discord')
  has('slack:1')
  await run('board')
  world.isPinned = false
  await run('board "#slack:1" --project default')
  world.errors = { 'slack:1': 'The chat is down.' }
  reachable.delete('discord')
  const { card } = await run('board list')
  expect(card.rows).toEqual([
    {
      name: 'discord',
      text: [{ bold: 'discord' }, ' · all projects · pinned · set by Ann'],
      action: { label: 'Remove', line: 'board remove discord' },
    },
    {
      name: '#slack:1',
      text: [
        { bold: '#slack:1' },
        ' · the project default · not pinned · set by Ann',
        ' · not up to date: The chat is down.',
      ],
      action: { label: 'Remove', line: 'board remove slack:1' },
    },
  ])
  expect(await result('board list')).toMatchObject({
    boards: [{ channel: 'discord', project: null }, { error: 'The chat is down.' }],
  })
})

it('a board is removed here, by name, by id, or where there is only one', async () => {
  const { run, text, has, world } = begin()
  expect(await text('board remove')).toBe('There is no live board. "board" in a channel shows one.')
  has('discord')
  has('slack:1')
  has('slack:2')
  for (const id of ['slack:1', 'slack:2']) await run(`board "#${id}"`)
  expect(await text('board remove')).toBe('There is no board in this channel. There are boards in slack:1, slack:2.')
  expect(await text('board remove "#discord"')).toBe(
    'There is no board in #discord. There are boards in slack:1, slack:2.',
  )
  expect(await text('board remove slack:1')).toBe('(muted) The board in #slack:1 is removed\n"board" shows another.')
  world.isDeleted = false
  expect(await text('board remove')).toContain('The board in #slack:2 is removed\nIts message could not be deleted.')
  await run('board')
  await run('board "#slack:1"')
  expect(await text('board remove')).toContain('The board in #discord is removed')
  expect(await text('board remove "#slack:1"')).toContain('The board in #slack:1 is removed')
})
