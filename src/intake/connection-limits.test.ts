// Connections by address: refused beyond the limit, free again once closed, and never counted for trusted proxies.
import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { BlockList } from 'node:net'
import { expect, it } from 'vitest'
import { limitConnections } from './connection-limits.ts'

it('an address has at most its limit of connections, and gets a place back when one closes', () => {
  const server = new EventEmitter()
  const trusted = new BlockList()
  trusted.addAddress('10.0.0.1')
  limitConnections(server as Server, trusted, 2)
  const connect = (remoteAddress: string) => {
    const socket = Object.assign(new EventEmitter(), { remoteAddress, isOpen: true, destroy: () => close() })
    const close = () => {
      socket.isOpen = false
      socket.emit('close')
    }
    server.emit('connection', socket)
    return { isOpen: () => socket.isOpen, close }
  }
  const open = ['203.0.113.9', '::ffff:203.0.113.9', '203.0.113.9', '2001:db8::1'].map(connect)
  expect(open.map(({ isOpen }) => isOpen())).toEqual([true, true, false, true])
  open[0]!.close()
  expect([connect('203.0.113.9'), connect('203.0.113.9')].map(({ isOpen }) => isOpen())).toEqual([true, false])
  for (const address of ['127.0.0.1', '::1', '10.0.0.1'])
    expect([1, 2, 3, 4].every(() => connect(address).isOpen())).toBe(true)
})
