import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { newFolder, startVakt } from '../testing/running.ts'
import { applyMemorySettings, type Execute } from './memory-settings.ts'

type Call = Parameters<Execute>

function callsWith(environment: NodeJS.ProcessEnv, platform = 'linux'): Call[] {
  const calls: Call[] = []
  applyMemorySettings(environment, platform, (...call) => void calls.push(call))
  return calls
}

describe('the settings of memory', () => {
  it('are applied by the same command with the same settings, once', () => {
    const [call, ...more] = callsWith({ PORT: '1', MALLOC_MMAP_THRESHOLD_: '1' })
    expect(more).toEqual([])
    const [file, args, environment] = call!
    expect([file, ...args.slice(1)]).toEqual([process.execPath, ...process.execArgv, ...process.argv.slice(1)])
    expect(environment).toEqual({ PORT: '1', MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' })
    expect(callsWith(environment)).toEqual([])
  })

  it('are left alone where somebody set them, and on other systems', () => {
    expect(callsWith({ MALLOC_ARENA_MAX: '8' })).toEqual([])
    expect(callsWith({}, 'darwin')).toEqual([])
  })

  it('are not needed: a refusal changes nothing', () => {
    const refuse = () => {
      throw new Error('EPERM')
    }
    expect(() => applyMemorySettings({}, 'linux', refuse)).not.toThrow()
  })

  it.runIf(process.platform === 'linux')('reach the process that is started', async () => {
    const folder = newFolder()
    const vakt = await startVakt(folder.path, { MALLOC_ARENA_MAX: undefined })
    expect(readFileSync(`/proc/${vakt.pid}/environ`, 'utf8').split('\0')).toContain('MALLOC_ARENA_MAX=2')
    await vakt.stop()
    folder.remove()
  })
})
