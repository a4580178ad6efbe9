/**
 * Operations that SDKs and tools make besides what they were asked for: who am I, does the bucket exist.
 * Within a session they need no call of their own.
 */
export const SUPPORTING_OPERATIONS: readonly (readonly [source: string, name: string])[] = [
  ['sts.amazonaws.com', 'GetCallerIdentity'],
  ['s3.amazonaws.com', 'HeadBucket'],
  ['s3.amazonaws.com', 'GetBucketLocation'],
  ['ec2.amazonaws.com', 'DescribeRegions'],
  ['cloudformation.amazonaws.com', 'DescribeRegions'],
  ['iam.amazonaws.com', 'ListAccountAliases'],
];
