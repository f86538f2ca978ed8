// Cisco's message format (`%FACILITY-severity-MNEMONIC`) behind all of its headers, which Arista, Dell and others write too.
import type { TextFormat } from '../format.ts'
import { PRIORITY, REST } from '../syslog/syslog.ts'

const TIME = String.raw`(?<time>(?:\d{4} )?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{3,5})?(?: \d{4})?)`
const UPTIME = String.raw`(?<uptime>(?:\d{1,3}[ywdh]){1,3}|\d{1,3}:\d\d:\d\d)`
const NAME = String.raw`[A-Za-z][\w.-]{0,100}|\d{1,3}(?:\.\d{1,3}){3}`

export const CISCO: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'cisco-header',
    title: 'headers of Cisco IOS, IOS-XR, NX-OS and ASA',
    after: 'start',
    first: '<0-9A-Z*.:',
    has: '%',
    pattern: new RegExp(
      String.raw`^(?:${PRIORITY})?(?:(?<sequence>\d{1,10}): |: )?(?:(?:(?<node>[A-Z]{2,3}\/[\w\/]{1,30}):|(?<host>${NAME}): )?(?:(?<record>\d{1,10}): )?[*.]?(?:${TIME}|${UPTIME})?:? {0,2}(?:(?<process>[\w-]{1,40})\[(?<pid>\d{1,10})\]: )?:? ?|${TIME}:? (?<host>${NAME}) {0,2}:? ?)(?=%[A-Z][A-Z0-9_-]{1,60}-[0-7]-)${REST}`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '<189>45: *Nov 29 10:00:01.123: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.1)',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: '%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.1)',
        attributes: { sequence: 45, facility: 'SYS', mnemonic: 'CONFIG_I' },
      },
      {
        text: '<187>45: router1: *Nov 29 10:00:01.123 UTC: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        host: 'router1',
        message: '%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down',
        attributes: { sequence: 45, facility: 'LINK', mnemonic: 'UPDOWN' },
      },
      {
        text: '000045: Nov 29 10:00:01: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] [Source: 10.0.0.1]',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] [Source: 10.0.0.1]',
        attributes: { sequence: '000045', facility: 'SEC_LOGIN', mnemonic: 'LOGIN_FAILED' },
      },
      {
        text: 'Nov 29 10:00:01 10.0.0.1 45: *Nov 29 10:00:00.123: %SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        host: '10.0.0.1',
        message: '%SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed',
        attributes: { sequence: 45, facility: 'SYS', mnemonic: 'MALLOCFAIL' },
      },
      {
        text: '<189>45: 1w2d: %LINEPROTO-5-UPDOWN: Line protocol on Interface Vlan1, changed state to up',
        level: 'info',
        time: null,
        message: '%LINEPROTO-5-UPDOWN: Line protocol on Interface Vlan1, changed state to up',
        attributes: { sequence: 45, uptime: '1w2d', facility: 'LINEPROTO', mnemonic: 'UPDOWN' },
      },
      {
        text: 'RP/0/RSP0/CPU0:Nov 29 10:00:01.123 UTC: bgp[1051]: %ROUTING-BGP-3-ADJCHANGE : neighbor 10.0.0.2 Down',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '%ROUTING-BGP-3-ADJCHANGE : neighbor 10.0.0.2 Down',
        attributes: {
          node: 'RP/0/RSP0/CPU0',
          process: 'bgp',
          pid: 1051,
          facility: 'ROUTING-BGP',
          mnemonic: 'ADJCHANGE',
        },
      },
      {
        text: '2026 Nov 29 10:00:01 switch-1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode access',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'switch-1',
        message: '%ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode access',
        attributes: { facility: 'ETHPORT', mnemonic: 'IF_UP' },
      },
      {
        text: '<166>Nov 29 2026 10:00:01 asa-1 : %ASA-6-302013: Built inbound TCP connection 12 for outside:10.0.0.1/5000',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'asa-1',
        message: '%ASA-6-302013: Built inbound TCP connection 12 for outside:10.0.0.1/5000',
        attributes: { facility: 'ASA', mnemonic: 302013 },
      },
      {
        text: 'Nov 29 2026 10:00:01: %ASA-4-106023: Deny tcp src outside:10.0.0.1/5000 dst inside:10.0.0.2/22',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '%ASA-4-106023: Deny tcp src outside:10.0.0.1/5000 dst inside:10.0.0.2/22',
        attributes: { facility: 'ASA', mnemonic: 106023 },
      },
      {
        text: '<163>%ASA-3-710003: TCP access denied by ACL from 10.0.0.1/5000 to outside:10.0.0.2/22',
        level: 'error',
        time: null,
        message: '%ASA-3-710003: TCP access denied by ACL from 10.0.0.1/5000 to outside:10.0.0.2/22',
        attributes: { facility: 'ASA', mnemonic: 710003 },
      },
      {
        text: 'Nov 29 10:00:01 switch-2 Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1, changed state to down',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'Ebra',
        host: 'switch-2',
        message: '%LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1, changed state to down',
        attributes: { facility: 'LINEPROTO', mnemonic: 'UPDOWN' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'cisco',
    title: 'messages of Cisco, Arista and others: %FACILITY-severity-MNEMONIC',
    after: 'start',
    first: '%',
    has: ': ',
    pattern: /^%(?<facility>[A-Z][A-Z0-9_-]{1,60}?)-(?<level>[0-7])-(?<mnemonic>[A-Z0-9_]{1,60}) ?: .*$/s,
    examples: [
      {
        text: '%FTD-1-430003: EventPriority: Low, DeviceUUID: 1234',
        level: 'fatal',
        time: null,
        message: '%FTD-1-430003: EventPriority: Low, DeviceUUID: 1234',
        attributes: { facility: 'FTD', mnemonic: 430003 },
      },
      {
        text: '%DAEMON-4-SNMPD_AUTH: SNMPD_AUTH_FAILURE: nsa_log_community',
        level: 'warn',
        time: null,
        message: '%DAEMON-4-SNMPD_AUTH: SNMPD_AUTH_FAILURE: nsa_log_community',
        attributes: { facility: 'DAEMON', mnemonic: 'SNMPD_AUTH' },
      },
    ],
  },
]
