// People and their accounts: what is added stays, and what older versions stored moves along.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { findPerson, listPeople, personOf, readPerson, removePerson, savePerson } from './people.ts'

it('adding to a person keeps their other accounts, whatever the case of the name', () => {
  const state = memoryState()
  savePerson(state, { name: 'Ann', accounts: { slack: 'U012AB3CD' } })
  const saved = savePerson(state, { name: 'ann', accounts: { telegram: '42', slack: 'U099' } })
  expect(saved).toEqual({ name: 'Ann', accounts: { slack: 'U099', telegram: '42' } })
  expect(readPerson(state, 'ANN')).toEqual(saved)
  expect(listPeople(state)).toEqual([saved])
})

it('an account names its person, and a removed person leaves no account', () => {
  const state = memoryState()
  savePerson(state, { name: 'ann', accounts: { slack: 'U012AB3CD' } })
  expect(personOf(listPeople(state), 'slack', 'U012AB3CD')).toBe('ann')
  expect(personOf(listPeople(state), 'discord', 'U012AB3CD')).toBeUndefined()
  removePerson(state, 'ann', 0)
  expect(() => findPerson(state, 'ann')).toThrow('no person')
  expect(savePerson(state, { name: 'ann', accounts: {} }).accounts).toEqual({})
})

it('the accounts in the columns of older versions become rows', () => {
  const folder = join(import.meta.dirname, '../../../migrations')
  const files = readdirSync(folder).filter(name => name.endsWith('.sql'))
  const database = new Sqlite(':memory:')
  const migrate = (name: string) => database.exec(readFileSync(join(folder, name), 'utf8'))
  const moving = files.findIndex(name => name.endsWith('people-accounts.sql'))
  for (const name of files.slice(0, moving)) migrate(name)
  database.exec(`insert into people (name, discord, slack, telegram, email)
    values ('ann', '123456', 'U012AB3CD', null, 'ann@example.org'), ('ben', null, null, null, null)`)
  migrate(files[moving]!)
  expect(database.prepare('select person, platform, account_id from people_accounts order by platform').all()).toEqual([
    { person: 'ann', platform: 'discord', account_id: '123456' },
    { person: 'ann', platform: 'email', account_id: 'ann@example.org' },
    { person: 'ann', platform: 'slack', account_id: 'U012AB3CD' },
  ])
  expect(database.prepare('select name from people order by name').all()).toEqual([{ name: 'ann' }, { name: 'ben' }])
})
