// Metrics in chat: the usage of containers, one container over time, and charts as PNG.
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { stopDrawing } from '../../charts/draw.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'

let app: TestApp
let server: SshServer
let host: FakeHost

beforeEach(async () => {
  app = await startApp()
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({ run: execution => host.run(execution) })
  host.has('web', { cpu: 10, memory: 512 })
  host.has('db', { cpu: 80, memory: 256 })
  await app.result(`hosts add web-1 ${server.address}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
})
afterAll(stopDrawing)

/** 30 seconds pass in which the CPU of the host is busy for `busy` percent of the time. */
async function collects(busy: number) {
  host.busyTicks += busy
  host.idleTicks += 100 - busy
  const seen = () => app.state.prepare<[], { n: number }>('select count(*) as n from samples').get()!.n
  const before = seen()
  await app.passes('30s')
  await vi.waitFor(() => expect(seen()).toBeGreaterThan(before))
}
const text = async (line: string) => app.text((await app.says(line)).card)

it('are listed for all containers, highest CPU first, and for one over time', async () => {
  await collects(25)
  const all = await text('containers stats')
  expect(all.indexOf('web-1/db')).toBeLessThan(all.indexOf('web-1/web'))
  expect(all).toContain('cpu 80 % · memory 268 MB, 25 %')
  const one = await text('containers stats web-1/web')
  expect(one).toContain('10 % now, 10 % average, 10 % maximum')
  expect((await app.says('containers stats web-1/gone')).card.title).toBe('No metrics of web-1/gone in the last 1h')
  // Old measurements are not shown as current.
  await server.close()
  await app.passes('10m')
  expect(await text('containers stats')).not.toContain('80 %')
  expect(await text('containers stats')).toContain('no recent metrics')
})

it('are drawn, with the current, average and maximum value as text', async () => {
  for (const busy of [20, 60, 40]) await collects(busy)
  const reply = await app.says('hosts graph web-1 --last 6h')
  expect(Buffer.from(reply.card.image!.png).subarray(1, 4).toString()).toBe('PNG')
  expect(app.text(reply.card)).toContain('40 % now, 40 % average, 60 % maximum')
  expect(await text('hosts graph web-1 --metric disk')).toContain('40 % now')
  expect((await app.says('containers graph web-1/db --metric memory --last 7d')).card.image).toBeDefined()
  expect((await app.says('containers graph web-1/none')).card.image).toBeUndefined()
})
