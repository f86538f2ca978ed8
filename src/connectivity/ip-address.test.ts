// Which addresses are public, and which Vakt never connects to, in every way of writing them.
import { BlockList } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isForbiddenAddress, isListed, isPublicAddress } from './ip-address.ts'

describe('an address', () => {
  it.each([
    ['1.1.1.1', true, false],
    ['2606:4700::1111', true, false],
    ['64:ff9b::101:101', true, false],
    ['2002:101:101::1', true, false],
    ['::ffff:1.1.1.1', true, false],
    // Private and special ones: only whoever may probe any address reaches them.
    ['10.0.0.1', false, false],
    ['100.64.0.1', false, false],
    ['127.0.0.1', false, false],
    ['172.31.255.255', false, false],
    ['172.32.0.1', true, false],
    ['192.168.1.1', false, false],
    ['198.19.0.1', false, false],
    ['::1', false, false],
    ['::ffff:127.0.0.1', false, false],
    ['::ffff:7f00:1', false, false],
    ['::127.0.0.1', false, false],
    ['64:ff9b::7f00:1', false, false],
    ['64:ff9b:1::a00:1', false, false],
    ['2002:a00:1::1', false, false],
    ['fd12:3456::1', false, false],
    ['2001:db8::1', false, false],
    ['not an address', false, false],
    // Close to a way of writing an IPv4 address, and none.
    ['::ffff:0:0:a9fe:a9fe', false, false],
    ['::1:ffff:a9fe:a9fe', false, false],
    ['::1:0:a9fe:a9fe', false, false],
    ['64:ff9a::a9fe:a9fe', false, false],
    ['65:ff9b::a9fe:a9fe', false, false],
    ['2003:a9fe:a9fe::1', true, false],
    ['2606:4700::5eff:a9fe:a9fe', true, false],
    ['2606:4700::1:5efe:a9fe:a9fe', true, false],
    ['2606:4700::200:5efe:101:101', true, false],
    ['2606:4700::200:5efe:a9fe:a9fe', false, true],
    ['2606:4700::5efe:a00:1', false, false],
    ['2002:e000:1::1', false, true],
    ['::ffff:8.8.8.8', true, false],
    ['::ffff:0:808:808', false, false],
    ['1:2:3:4:5:6:7:8', false, false],
    ['2400:1:2:3:4:5:6:7', true, false],
    // Metadata of clouds, and link-local ones: nobody reaches them.
    ['169.254.169.254', false, true],
    ['169.254.170.2', false, true],
    ['::ffff:169.254.169.254', false, true],
    ['::ffff:a9fe:a9fe', false, true],
    ['::a9fe:a9fe', false, true],
    ['::ffff:0:a9fe:a9fe', false, true],
    ['64:ff9b::a9fe:a9fe', false, true],
    ['2002:a9fe:a9fe::1', false, true],
    ['2001:0:a9fe:a9fe::1', false, true],
    ['2001:0:0101:101:0:0:5601:5601', false, true],
    ['2606:4700::5efe:a9fe:a9fe', false, true],
    ['fe80::1%eth0', false, true],
    ['fe80::a9fe:a9fe', false, true],
    ['fd00:ec2::254', false, true],
    ['fd20:ce::254', false, true],
    ['100.100.100.200', false, true],
    ['168.63.129.16', false, true],
    ['192.0.0.192', false, true],
    ['0.0.0.0', false, true],
    ['::', false, true],
    ['255.255.255.255', false, true],
  ])('%s is public: %s, forbidden: %s', (address, isPublic, isForbidden) => {
    expect([isPublicAddress(address), isForbiddenAddress(address)]).toEqual([isPublic, isForbidden])
  })

  it('is in a list also when it is written as IPv6', () => {
    const list = new BlockList()
    list.addSubnet('10.1.0.0', 16, 'ipv4')
    const listed = ['10.1.2.3', '::ffff:10.1.2.3', '10.2.0.1', 'fd00::1'].map(address => isListed(list, address))
    expect(listed).toEqual([true, true, false, false])
    expect(isListed(list, '2002:a01:203::1')).toBe(false)
    list.addSubnet('fd00::', 16, 'ipv6')
    expect([isListed(list, 'fd00::1%eth0'), isListed(list, 'text')]).toEqual([true, false])
  })
})
