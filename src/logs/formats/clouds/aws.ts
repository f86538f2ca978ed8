// Amazon Web Services.
import type { Fields, Format } from '../format.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

export const AWS: readonly Format[] = [
  {
    kind: 'text',
    name: 'lambda-platform',
    title: 'what AWS Lambda writes about an invocation',
    after: 'start',
    first: 'SERIX',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?<event>START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|RESTORE_START|RESTORE_REPORT|XRAY)(?: RequestId: (?<request_id>${UUID})| Runtime Version: |  ?Name: | TraceId: | Init Duration: | Restore Duration: ).{0,2000}?(?:\bStatus: (?<level>timeout|error|failure|success)\b|$)`,
      's',
    ),
    levels: { timeout: 'error', success: 'info' },
    level: 'info',
    examples: [
      {
        text: 'START RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10 Version: $LATEST',
        level: 'info',
        time: null,
        message: 'START RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10 Version: $LATEST',
        attributes: { event: 'START', request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
      {
        text: 'REPORT RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: timeout',
        level: 'error',
        time: null,
        message:
          'REPORT RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: timeout',
        attributes: { event: 'REPORT', request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
      {
        text: 'END RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10',
        level: 'info',
        time: null,
        message: 'END RequestId: 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10',
        attributes: { event: 'END', request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
      {
        text: 'INIT_START Runtime Version: nodejs:22.v14\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:x',
        level: 'info',
        time: null,
        message: 'INIT_START Runtime Version: nodejs:22.v14\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:x',
        attributes: { event: 'INIT_START' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'lambda',
    title: 'AWS Lambda with Node.js',
    after: 'time',
    first: '0-9a-fu',
    has: '\t',
    pattern: new RegExp(
      String.raw`^(?:(?<request_id>${UUID})|undefined)\t(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t(?<message>.*)$`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z\t8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10\tERROR\tInvoke Error \t{"errorType":"TypeError","errorMessage":"x is undefined"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Invoke Error \t{"errorType":"TypeError","errorMessage":"x is undefined"}',
        attributes: { request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
      {
        text: '2026-11-29T10:00:01.123Z\tundefined\tWARN\tcold start',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'cold start',
      },
    ],
  },
  {
    kind: 'text',
    name: 'lambda-timeout',
    title: 'an invocation of AWS Lambda that ended early',
    after: 'time',
    first: '0-9a-f',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?<request_id>${UUID}) (?<message>(?:Task timed out after |Process exited before |Error: Runtime exited).*)$`,
      's',
    ),
    level: 'error',
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z 8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10 Task timed out after 3.00 seconds',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Task timed out after 3.00 seconds',
        attributes: { request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'lambda-python',
    title: 'AWS Lambda with Python, Ruby or Java',
    after: 'start',
    first: '[',
    has: '\t',
    pattern: new RegExp(
      String.raw`^\[(?<level>[A-Z]{4,8})\]\t(?<time>\d{4}-\S{10,30})\t(?<request_id>${UUID})?\t(?<message>.*)$`,
      's',
    ),
    examples: [
      {
        text: '[ERROR]\t2026-11-29T10:00:01.123Z\t8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10\tno stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
      {
        text: '[WARNING]\t2026-11-29T10:00:01.123Z\t8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10\tslow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { request_id: '8f5d1a4e-4b1c-4a8e-9d3f-0c6a5b7d9e10' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'alb',
    title: 'access logs of Application Load Balancers',
    after: 'start',
    first: 'hgwt',
    has: ' "',
    pattern:
      /^(?<type>https?|h2|grpcs?|wss?|tls) (?<time>\d{4}-\S{15,30}) (?<elb>\S{1,100}) (?<client>\S{3,60}) (?<target>\S{1,60}) (?:-?[\d.]{1,12} ){3}(?<status>\d{3}|-) (?<target_status>\d{3}|-) \d{1,15} \d{1,15} "(?<method>[A-Z-]{1,20}) (?<url>\S{1,4000})/s,
    examples: [
      {
        text: 'https 2026-11-29T10:00:01.123456Z app/shop/50dc6c495c0c9188 203.0.113.9:5000 10.0.0.2:80 0.000 0.001 0.000 502 502 34 366 "GET https://shop.example:443/pay HTTP/1.1" "curl/8.5" ECDHE TLSv1.3',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message:
          'https 2026-11-29T10:00:01.123456Z app/shop/50dc6c495c0c9188 203.0.113.9:5000 10.0.0.2:80 0.000 0.001 0.000 502 502 34 366 "GET https://shop.example:443/pay HTTP/1.1" "curl/8.5" ECDHE TLSv1.3',
        attributes: {
          type: 'https',
          elb: 'app/shop/50dc6c495c0c9188',
          client: '203.0.113.9:5000',
          target: '10.0.0.2:80',
          status: 502,
          target_status: 502,
          method: 'GET',
          url: 'https://shop.example:443/pay',
        },
      },
      {
        text: 'http 2026-11-29T10:00:01.123456Z app/shop/50dc6c495c0c9188 203.0.113.9:5000 - -1 -1 -1 404 - 34 366 "GET http://shop.example:80/x HTTP/1.1" "-" - -',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message:
          'http 2026-11-29T10:00:01.123456Z app/shop/50dc6c495c0c9188 203.0.113.9:5000 - -1 -1 -1 404 - 34 366 "GET http://shop.example:80/x HTTP/1.1" "-" - -',
        attributes: {
          type: 'http',
          elb: 'app/shop/50dc6c495c0c9188',
          client: '203.0.113.9:5000',
          status: 404,
          method: 'GET',
          url: 'http://shop.example:80/x',
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 'elb',
    title: 'access logs of Classic Load Balancers',
    after: 'time',
    first: 'a-zA-Z0-9',
    has: ' "',
    pattern:
      /^(?<elb>[\w-]{1,100}) (?<client>[\d.]{7,15}:\d{1,5}) (?<target>[\d.]{7,15}:\d{1,5}|-) (?:-?[\d.]{1,12} ){3}(?<status>\d{3}|-) (?<target_status>\d{3}|-) \d{1,15} \d{1,15} "(?<method>[A-Z-]{1,20}) (?<url>\S{1,4000})/s,
    examples: [
      {
        text: '2026-11-29T10:00:01.123456Z shop-lb 203.0.113.9:5000 10.0.0.2:80 0.000073 0.001048 0.000057 503 503 0 29 "GET http://shop.example:80/ HTTP/1.1" "curl/8.5" - -',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message:
          'shop-lb 203.0.113.9:5000 10.0.0.2:80 0.000073 0.001048 0.000057 503 503 0 29 "GET http://shop.example:80/ HTTP/1.1" "curl/8.5" - -',
        attributes: {
          elb: 'shop-lb',
          client: '203.0.113.9:5000',
          target: '10.0.0.2:80',
          status: 503,
          target_status: 503,
          method: 'GET',
          url: 'http://shop.example:80/',
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 'cloudfront',
    title: 'standard logs of CloudFront',
    after: 'time',
    first: 'A-Z',
    has: '\t',
    pattern:
      /^(?<edge>[A-Z]{3}\d{1,4}(?:-[A-Z]\d{1,3})?)\t(?<bytes>\d{1,15})\t(?<client>\S{2,45})\t(?<method>[A-Z]{1,20})\t(?<distribution>\S{1,200})\t(?<path>\S{1,4000})\t(?<status>\d{3})\t/s,
    examples: [
      {
        text: '2026-11-29\t10:00:01\tFRA56-P1\t1045619\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/index.html\t502\t-\tcurl/8.5\t-\t-\tError',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          'FRA56-P1\t1045619\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/index.html\t502\t-\tcurl/8.5\t-\t-\tError',
        attributes: {
          edge: 'FRA56-P1',
          bytes: 1045619,
          client: '203.0.113.9',
          method: 'GET',
          distribution: 'd111111abcdef8.cloudfront.net',
          path: '/index.html',
          status: 502,
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 's3-access',
    title: 'server access logs of S3',
    after: 'start',
    first: '0-9a-f',
    has: ' [',
    pattern:
      /^(?<owner>[0-9a-f]{16,64}) (?<bucket>\S{3,63}) \[(?<time>[^\]]{20,30})\] (?<client>\S{1,45}) (?<requester>\S{1,200}) (?<request_id>\S{1,40}) (?<operation>[A-Z][\w.]{3,60}) (?<key>\S{1,2000}) (?:"[^"]{0,4000}"|-) (?<status>\d{3}|-) (?<error>\S{1,60})/s,
    examples: [
      {
        text: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-files [29/Nov/2026:10:00:01 +0000] 203.0.113.9 - 3E57427F3EXAMPLE REST.GET.OBJECT a.png "GET /a.png HTTP/1.1" 404 NoSuchKey 113 - 7 - "-" "curl/8.5" -',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message:
          '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-files [29/Nov/2026:10:00:01 +0000] 203.0.113.9 - 3E57427F3EXAMPLE REST.GET.OBJECT a.png "GET /a.png HTTP/1.1" 404 NoSuchKey 113 - 7 - "-" "curl/8.5" -',
        attributes: {
          owner: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be',
          bucket: 'shop-files',
          client: '203.0.113.9',
          request_id: '3E57427F3EXAMPLE',
          operation: 'REST.GET.OBJECT',
          key: 'a.png',
          status: 404,
          error: 'NoSuchKey',
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 'vpc-flow',
    title: 'flow logs of VPC',
    after: 'start',
    first: '2-9',
    has: ' eni-',
    pattern:
      /^(?<version>\d) (?<account>\d{12}|unknown) (?<interface>eni-\w{5,30}) (?<src>\S{1,45}) (?<dst>\S{1,45}) (?<spt>\d{1,5}|-) (?<dpt>\d{1,5}|-) (?<proto>\d{1,3}|-) (?<packets>\d{1,15}|-) (?<bytes>\d{1,15}|-) (?<time>\d{10}) \d{10} (?<action>ACCEPT|REJECT|-) (?<log_status>\w{2,10})/s,
    level: 'info',
    examples: [
      {
        text: '2 123456789010 eni-1235b8ca123456789 203.0.113.9 10.0.0.2 5000 22 6 20 4249 1795946401 1795946461 REJECT OK',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message:
          '2 123456789010 eni-1235b8ca123456789 203.0.113.9 10.0.0.2 5000 22 6 20 4249 1795946401 1795946461 REJECT OK',
        attributes: {
          version: 2,
          account: 123456789010,
          interface: 'eni-1235b8ca123456789',
          src: '203.0.113.9',
          dst: '10.0.0.2',
          spt: 5000,
          dpt: 22,
          proto: 6,
          packets: 20,
          bytes: 4249,
          action: 'REJECT',
          log_status: 'OK',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'cloudtrail',
    title: 'CloudTrail',
    names: ['eventVersion', 'eventSource', 'eventName'],
    read: readTrail,
    examples: [
      {
        text: '{"eventVersion":"1.08","eventTime":"2026-11-29T10:00:01Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","errorCode":"AccessDenied","errorMessage":"Access Denied"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 's3.amazonaws.com GetObject: AccessDenied Access Denied',
        attributes: {
          eventVersion: '1.08',
          eventSource: 's3.amazonaws.com',
          eventName: 'GetObject',
          awsRegion: 'eu-west-1',
          errorCode: 'AccessDenied',
          errorMessage: 'Access Denied',
        },
      },
      {
        text: '{"eventVersion":"1.08","eventTime":"2026-11-29T10:00:01Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-west-1"}',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'ec2.amazonaws.com RunInstances',
        attributes: {
          eventVersion: '1.08',
          eventSource: 'ec2.amazonaws.com',
          eventName: 'RunInstances',
          awsRegion: 'eu-west-1',
        },
      },
    ],
  },
]

function readTrail(record: Fields): Fields {
  const { eventSource, eventName, errorCode, errorMessage } = record
  const failure = errorCode === undefined ? '' : `: ${errorCode}${errorMessage === undefined ? '' : ` ${errorMessage}`}`
  return {
    ...record,
    level: errorCode === undefined ? 'info' : 'warn',
    message: `${eventSource} ${eventName}${failure}`,
  }
}
