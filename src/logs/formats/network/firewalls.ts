// Routers and firewalls: key=value, CSV, topics, and the security formats CEF and LEEF.
import type { Level } from '../../line.ts'
import type { Fields, Format } from '../format.ts'

const CEF_LEVELS: { readonly [spelling: string]: Level } = {
  ...{ '0': 'info', '1': 'info', '2': 'info', '3': 'info', '4': 'warn', '5': 'warn', '6': 'warn' },
  ...{ '7': 'error', '8': 'error', '9': 'fatal', '10': 'fatal' },
  ...{ Unknown: 'info', Low: 'info', Medium: 'warn', High: 'error', 'Very-High': 'fatal' },
}

export const FIREWALLS: readonly Format[] = [
  {
    kind: 'text',
    name: 'cef',
    title: 'Common Event Format',
    after: 'start',
    first: 'C',
    has: 'CEF:',
    pattern:
      /^CEF: ?(?<version>\d(?:\.\d)?)\|(?<vendor>(?:[^|\\]|\\.){0,100})\|(?<product>(?:[^|\\]|\\.){0,100})\|(?<product_version>(?:[^|\\]|\\.){0,60})\|(?<event_id>(?:[^|\\]|\\.){0,200})\|(?<name>(?:[^|\\]|\\.){0,500})\|(?<level>\d{1,2}|[A-Z][\w-]{2,10})\|/s,
    levels: CEF_LEVELS,
    examples: [
      {
        text: 'CEF:0|Trend Micro|Deep Security Agent|20.0|4000000|Eicar_test_file|8|src=10.0.0.1 filePath=/tmp/eicar.com',
        level: 'error',
        time: null,
        message:
          'CEF:0|Trend Micro|Deep Security Agent|20.0|4000000|Eicar_test_file|8|src=10.0.0.1 filePath=/tmp/eicar.com',
        attributes: {
          version: 0,
          vendor: 'Trend Micro',
          product: 'Deep Security Agent',
          product_version: '20.0',
          event_id: 4000000,
          name: 'Eicar_test_file',
        },
      },
      {
        text: '<14>Nov 29 10:00:01 fw-1 CEF:0|Palo Alto Networks|PAN-OS|11.0|threat|THREAT|4|src=10.0.0.1 dst=10.0.0.2',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        host: 'fw-1',
        message: 'CEF:0|Palo Alto Networks|PAN-OS|11.0|threat|THREAT|4|src=10.0.0.1 dst=10.0.0.2',
        attributes: {
          version: 0,
          vendor: 'Palo Alto Networks',
          product: 'PAN-OS',
          product_version: '11.0',
          event_id: 'threat',
          name: 'THREAT',
        },
      },
      {
        text: 'Nov 29 10:00:01 fw-1 CEF: 0|Fortinet|Fortigate|v7.4|00013|traffic:forward close|Low|src=10.0.0.1',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'fw-1',
        message: 'CEF: 0|Fortinet|Fortigate|v7.4|00013|traffic:forward close|Low|src=10.0.0.1',
        attributes: {
          version: 0,
          vendor: 'Fortinet',
          product: 'Fortigate',
          product_version: 'v7.4',
          event_id: '00013',
          name: 'traffic:forward close',
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 'leef',
    title: 'Log Event Extended Format of QRadar',
    after: 'start',
    first: 'L',
    has: 'LEEF:',
    pattern:
      /^LEEF:(?<version>[12](?:\.0)?)\|(?<vendor>[^|]{0,100})\|(?<product>[^|]{0,100})\|(?<product_version>[^|]{0,60})\|(?<event_id>[^|]{0,200})\|(?:.{0,4000}?\bsev=(?<level>\d{1,2})\b)?/s,
    levels: CEF_LEVELS,
    examples: [
      {
        text: 'LEEF:1.0|Microsoft|MSExchange|2019|15345|src=10.0.0.1\tdst=10.0.0.2\tsev=8\tmsg=denied',
        level: 'error',
        time: null,
        message: 'LEEF:1.0|Microsoft|MSExchange|2019|15345|src=10.0.0.1\tdst=10.0.0.2\tsev=8\tmsg=denied',
        attributes: {
          version: '1.0',
          vendor: 'Microsoft',
          product: 'MSExchange',
          product_version: 2019,
          event_id: 15345,
        },
      },
      {
        text: 'LEEF:2.0|Lancope|StealthWatch|1.0|41|^|src=10.0.0.1^dst=10.0.0.2^sev=5',
        level: 'warn',
        time: null,
        message: 'LEEF:2.0|Lancope|StealthWatch|1.0|41|^|src=10.0.0.1^dst=10.0.0.2^sev=5',
        attributes: {
          version: '2.0',
          vendor: 'Lancope',
          product: 'StealthWatch',
          product_version: '1.0',
          event_id: 41,
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'firewall-date-time',
    title: 'FortiGate, Sophos and others with the fields date, time and a zone',
    names: ['date', 'time'],
    read: readDateTime,
    examples: [
      {
        text: 'date=2026-11-28 time=11:00:01 devname="FGT-1" devid="FG100" logid="0100032002" type="event" subtype="system" level="alert" vd="root" tz="+0100" logdesc="Admin login failed" msg="Administrator admin login failed"',
        level: 'fatal',
        time: '2026-11-28T10:00:01Z',
        host: 'FGT-1',
        message: 'Administrator admin login failed',
        attributes: {
          devname: 'FGT-1',
          devid: 'FG100',
          logid: '0100032002',
          type: 'event',
          subtype: 'system',
          vd: 'root',
          logdesc: 'Admin login failed',
        },
      },
      {
        text: '<188>date=2026-11-29 time=10:00:01 devname=FGT-1 devid=FG100 logid=0001000014 type=traffic subtype=local level=warning srcip=10.0.0.1 action="deny"',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        host: 'FGT-1',
        message: 'devname=FGT-1 devid=FG100 logid=0001000014 type=traffic subtype=local srcip=10.0.0.1 action=deny',
        attributes: {
          devname: 'FGT-1',
          devid: 'FG100',
          logid: '0001000014',
          type: 'traffic',
          subtype: 'local',
          srcip: '10.0.0.1',
          action: 'deny',
        },
      },
      {
        text: 'device="SFW" date=2026-11-29 time=10:00:01 timezone="UTC" device_name="XG135" log_type="Firewall" priority=Error message="appliance denied"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        host: 'XG135',
        message: 'appliance denied',
        attributes: { device: 'SFW', device_name: 'XG135', log_type: 'Firewall' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'sonicwall',
    title: 'SonicWall',
    names: ['sn', 'fw', 'pri'],
    read: ({ pri, ...rest }: Fields) => ({ ...rest, level: pri }),
    examples: [
      {
        text: 'id=firewall sn=18B1690729A8 time="2026-11-29 10:00:01 UTC" fw=10.0.0.1 pri=3 c=4 m=14 msg="Web site access denied" n=1',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Web site access denied',
        attributes: { id: 'firewall', sn: '18B1690729A8', fw: '10.0.0.1', c: '4', m: '14', n: '1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'palo-alto',
    title: 'PAN-OS (CSV)',
    after: 'start',
    first: '0-9,',
    has: ',',
    pattern:
      /^\d{0,2},(?<time>\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d),(?<serial>\w{0,20}),(?<type>TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT|USERID|HIPMATCH|DECRYPTION|AUTHENTICATION|CORRELATION),(?<subtype>[^,]{0,40}),(?:.{0,3000}?,(?<level>critical|high|medium|low|informational),)?/s,
    levels: { high: 'error', medium: 'warn', low: 'info', informational: 'info' },
    examples: [
      {
        text: '1,2026/11/29 10:00:01,001801000000,TRAFFIC,end,2305,2026/11/29 10:00:01,10.0.0.1,10.0.0.2,0.0.0.0,0.0.0.0,allow-all',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message:
          '1,2026/11/29 10:00:01,001801000000,TRAFFIC,end,2305,2026/11/29 10:00:01,10.0.0.1,10.0.0.2,0.0.0.0,0.0.0.0,allow-all',
        attributes: { serial: '001801000000', type: 'TRAFFIC', subtype: 'end' },
      },
      {
        text: '<14>Nov 29 10:00:01 fw-1 1,2026/11/29 10:00:01,001801000000,SYSTEM,general,0,2026/11/29 10:00:01,,general,,0,0,general,critical,"disk failure",12',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        host: 'fw-1',
        message:
          '1,2026/11/29 10:00:01,001801000000,SYSTEM,general,0,2026/11/29 10:00:01,,general,,0,0,general,critical,"disk failure",12',
        attributes: { serial: '001801000000', type: 'SYSTEM', subtype: 'general' },
      },
      {
        text: '1,2026/11/29 10:00:01,001801000000,THREAT,vulnerability,2305,2026/11/29 10:00:01,10.0.0.1,10.0.0.2,rule,high,client-to-server,1',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          '1,2026/11/29 10:00:01,001801000000,THREAT,vulnerability,2305,2026/11/29 10:00:01,10.0.0.1,10.0.0.2,rule,high,client-to-server,1',
        attributes: { serial: '001801000000', type: 'THREAT', subtype: 'vulnerability' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'routeros-file',
    title: 'MikroTik RouterOS with its own time',
    after: 'start',
    first: 'a-z',
    has: ',',
    pattern:
      /^(?<time>[a-z]{3}\/\d\d(?:\/\d{4})? \d\d:\d\d:\d\d) (?<topics>[a-z0-9!-]{2,20}(?:,[a-z0-9!-]{2,20}){0,5}) (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'nov/29/2026 10:00:01 dhcp,info dhcp1 assigned 10.0.0.5 to AA:BB:CC:00:11:22',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'dhcp1 assigned 10.0.0.5 to AA:BB:CC:00:11:22',
        attributes: { topics: 'dhcp,info' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'routeros',
    title: 'MikroTik RouterOS',
    after: 'start',
    first: 'a-z',
    has: ',',
    pattern:
      /^(?=[a-z!,-]{4,100}:? )(?<topics>(?:(?!critical|error|warning|debug|info)[a-z!-]{2,20},){1,4}(?:error,(?=critical))?(?<level>critical|error|warning|info|debug)(?:,[a-z!-]{2,20}){0,4}):? (?<message>.*)$/s,
    examples: [
      {
        text: '<30>system,error,critical login failure for user admin from 10.0.0.1 via ssh',
        level: 'fatal',
        time: null,
        message: 'login failure for user admin from 10.0.0.1 via ssh',
        attributes: { topics: 'system,error,critical' },
      },
      {
        text: 'system,info,account user admin logged in from 10.0.0.1 via winbox',
        level: 'info',
        time: null,
        message: 'user admin logged in from 10.0.0.1 via winbox',
        attributes: { topics: 'system,info,account' },
      },
      {
        text: 'Nov 29 10:00:01 MikroTik firewall,info forward: in:ether1 out:bridge, proto TCP (SYN), 10.0.0.1:5000->10.0.0.2:22',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'MikroTik',
        message: 'forward: in:ether1 out:bridge, proto TCP (SYN), 10.0.0.1:5000->10.0.0.2:22',
        attributes: { topics: 'firewall,info' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'routeros-time',
    title: 'MikroTik RouterOS 7',
    after: 'time',
    first: 'a-z',
    has: ',',
    pattern:
      /^(?=[a-z!,-]{4,100}:? )(?<topics>(?:(?!critical|error|warning|debug|info)[a-z!-]{2,20},){1,4}(?:error,(?=critical))?(?<level>critical|error|warning|info|debug)(?:,[a-z!-]{2,20}){0,4}):? (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01 wireless,warning wlan1: radar detected',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'wlan1: radar detected',
        attributes: { topics: 'wireless,warning' },
      },
      {
        text: '2026-11-29 10:00:01 ipsec,error phase1 negotiation failed',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'phase1 negotiation failed',
        attributes: { topics: 'ipsec,error' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'netfilter',
    title: 'packets that iptables, nftables and UFW log',
    after: 'start',
    first: '[A-Za-z0-9 ',
    has: ' OUT=',
    pattern:
      /^(?<rule>.{0,60}?) {0,2}\bIN=(?<in>\S{0,20}) OUT=(?<out>\S{0,20}) .{0,200}?\bSRC=(?<src>\S{2,45}) DST=(?<dst>\S{2,45}) .{0,200}?\bPROTO=(?<proto>\w{1,10})(?: SPT=(?<spt>\d{1,5}) DPT=(?<dpt>\d{1,5}))?/s,
    level: 'info',
    examples: [
      {
        text: 'Nov 29 10:00:01 web-1 kernel: [UFW BLOCK] IN=eth0 OUT= MAC=aa:bb SRC=203.0.113.9 DST=10.0.0.1 LEN=40 TOS=0x00 TTL=245 ID=54321 PROTO=TCP SPT=5000 DPT=22 WINDOW=1024 SYN URGP=0',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'kernel',
        host: 'web-1',
        message:
          '[UFW BLOCK] IN=eth0 OUT= MAC=aa:bb SRC=203.0.113.9 DST=10.0.0.1 LEN=40 TOS=0x00 TTL=245 ID=54321 PROTO=TCP SPT=5000 DPT=22 WINDOW=1024 SYN URGP=0',
        attributes: {
          rule: '[UFW BLOCK]',
          in: 'eth0',
          src: '203.0.113.9',
          dst: '10.0.0.1',
          proto: 'TCP',
          spt: 5000,
          dpt: 22,
        },
      },
      {
        text: 'Nov 29 10:00:01 fw kernel: [12.345678] DROP-IN: IN=eth0 OUT=eth1 SRC=203.0.113.9 DST=10.0.0.1 LEN=84 PROTO=ICMP TYPE=8 CODE=0',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'kernel',
        host: 'fw',
        message: 'DROP-IN: IN=eth0 OUT=eth1 SRC=203.0.113.9 DST=10.0.0.1 LEN=84 PROTO=ICMP TYPE=8 CODE=0',
        attributes: {
          uptime: '12.345678',
          rule: 'DROP-IN:',
          in: 'eth0',
          out: 'eth1',
          src: '203.0.113.9',
          dst: '10.0.0.1',
          proto: 'ICMP',
        },
      },
    ],
  },
]

/** `date` and `time` together are the time, in the zone beside them. */
function readDateTime(record: Fields): Fields | null {
  const { date, time, tz, timezone, logdesc, ...rest } = record
  if (typeof date !== 'string' || typeof time !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)) return null
  const zone = typeof tz === 'string' ? tz : typeof timezone === 'string' ? ` ${timezone}` : ''
  const message =
    record.msg === undefined && record.message === undefined && logdesc !== undefined ? { message: logdesc } : {}
  const described = logdesc === undefined || message.message ? {} : { logdesc }
  return {
    ...rest,
    ...described,
    ...message,
    host: record.devname ?? record.device_name,
    timestamp: `${date} ${time}${zone}`,
  }
}
