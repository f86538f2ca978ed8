// Who asks, by what Slack says of them.
import { beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { MINUTE } from '../../time.ts'
import { createUserLookup } from './requester.ts'

const NOW = 1_800_000_000_000
/** What Slack answers about a user, or the code of its refusal; `team` is null while Slack does not name its own. */
let answer: object | string = {}
let team: string | null = 'T1'
let asked = { users: 0, teams: 0 }
let clock = createFakeClock(NOW)
let lookup = start()

function start() {
  const web = {
    auth: {
      async test() {
        asked.teams++
        if (team === null) throw new Error('no answer')
        return { team_id: team }
      },
    },
    users: {
      async info() {
        asked.users++
        if (typeof answer === 'string') throw Object.assign(new Error(answer), { data: { error: answer } })
        return { user: answer }
      },
    },
  }
  clock = createFakeClock(NOW)
  return createUserLookup(web as never, clock, silentLogger)
}

beforeEach(() => {
  asked = { users: 0, teams: 0 }
  team = 'T1'
  lookup = start()
})

const own = { team_id: 'T1', name: 'ann' }

test.each<[object, string]>([
  [{ ...own, real_name: 'Ann Lee', profile: { display_name: 'annie' } }, 'annie'],
  [{ ...own, real_name: 'Ann Lee', profile: { display_name: '' } }, 'Ann Lee'],
  [{ ...own, real_name: '' }, 'ann'],
  [{ team_id: 'T1' }, 'typed'],
])('%j is called %s', async (user, name) => {
  answer = user
  expect(await lookup('U1', 'typed')).toMatchObject({ platform: 'slack', id: 'U1', name, interactive: true })
})

test.each<[object, boolean, boolean]>([
  [own, false, false],
  [{ ...own, is_admin: true }, true, false],
  [{ ...own, is_owner: true }, true, false],
  [{ ...own, is_admin: true, is_stranger: true }, false, true],
  [{ name: 'no team', is_admin: true }, true, false],
  [{ name: 'other', team_id: 'T2', is_admin: true }, false, true],
  [{ name: 'grid', team_id: 'T2', is_admin: true, enterprise_user: { teams: ['T9', 'T1'] } }, true, false],
  [{ name: 'grid elsewhere', team_id: 'T2', enterprise_user: { teams: ['T9'] } }, false, true],
])('%j is an admin: %s, an outsider: %s', async (user, admin, isOutsider) => {
  answer = user
  expect(await lookup('U1', 'typed')).toMatchObject({ admin, isOutsider })
})

test.each<[string, string | undefined, string | null, boolean]>([
  ['user_not_found', undefined, 'T1', true],
  ['user_not_visible', 'T1', 'T1', true],
  ['users_not_found', 'T1', 'T1', true],
  ['internal_error', undefined, 'T1', false],
  ['internal_error', 'T1', 'T1', false],
  ['internal_error', 'T2', 'T1', true],
  ['internal_error', 'T2', null, false],
])(
  'after %s about somebody of team %s, in the team %s: an outsider is %s',
  async (code, named, ownTeam, isOutsider) => {
    answer = code
    team = ownTeam
    expect(await lookup('U1', 'typed', named)).toMatchObject({ name: 'typed', admin: false, isOutsider })
  },
)

test('while Slack does not name its own team, people of any are taken as they come', async () => {
  team = null
  answer = { name: 'ann', team_id: 'T2', is_admin: true }
  expect(await lookup('U1', 'typed')).toMatchObject({ admin: true, isOutsider: false })
  team = 'T1'
  expect(await lookup('U2', 'typed')).toMatchObject({ isOutsider: true })
})

test('an answer lasts five minutes; after that it serves only where Slack does not answer', async () => {
  answer = { ...own, is_admin: true }
  await lookup('U1', 'typed')
  answer = own
  await clock.advance(5 * MINUTE - 1)
  expect((await lookup('U1', 'typed')).admin).toBe(true)
  expect(asked).toEqual({ users: 1, teams: 1 })
  await clock.advance(1)
  answer = 'internal_error'
  expect((await lookup('U1', 'typed', 'T2')).admin).toBe(true)
  answer = own
  expect((await lookup('U1', 'typed')).admin).toBe(false)
  expect(asked).toEqual({ users: 3, teams: 1 })
})
