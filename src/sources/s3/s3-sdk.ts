// What the kit uses of the AWS SDK. scripts/compile.js bundles it into one file, which loads in half the CPU time.
export { S3Client } from "@aws-sdk/client-s3";
export { SignatureV4 } from "@smithy/signature-v4";
