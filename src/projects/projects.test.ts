// Projects kept in memory for the log requests that ask for them: what changes them is seen at once.
import { expect, it } from 'vitest'
import { memoryState } from '../state/database.ts'
import { addProject, editProject, readProject, removeProject, rotatePingKey } from './projects.ts'

it('a project that was read by its name is read as it was changed, renamed and removed', () => {
  const state = memoryState()
  const { id, pingKey } = addProject(state, 'shop', 0)
  const kept = () => readProject(state, 'shop')
  expect(kept()).toMatchObject({ rateLimit: 0 })
  editProject(state, id, { rateLimit: 50 })
  expect(kept()).toMatchObject({ rateLimit: 50, pingKey })
  rotatePingKey(state, id)
  expect(kept()!.pingKey).not.toBe(pingKey)
  editProject(state, id, { name: 'store' })
  expect([kept(), readProject(state, 'store')?.id]).toEqual([undefined, id])
  removeProject(state, readProject(state, 'store')!, 0)
  expect(readProject(state, 'store')).toBeUndefined()
})

it('a change that was taken back is not kept', () => {
  const state = memoryState()
  const { id } = addProject(state, 'shop', 0)
  const undone = () =>
    state.transaction(() => {
      editProject(state, id, { rateLimit: 50 })
      expect(readProject(state, 'shop')).toMatchObject({ rateLimit: 50 })
      throw new Error('no')
    })
  expect(undone).toThrow('no')
  expect(readProject(state, 'shop')).toMatchObject({ rateLimit: 0 })
})
