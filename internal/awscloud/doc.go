// Package awscloud adapts AWS to the interfaces of the activities: the gateways and volumes of one account
// in one region through Storage Gateway, and their snapshots, which EC2 shows and deletes. The
// package itself knows Storage Gateway only: EC2's SDK takes a minute and three gigabytes to
// compile, so it is behind SnapshotStore, in package snapshots. Package accounts puts the
// two together.
//
// Every error says what was done to what, wraps exactly one of package maintenance's
// sentinels, keeps AWS's code, words and request id, and holds no credentials. Every request
// is sent once; see package wire. No method has a deadline of its own, and the SDK has none
// for an answer: the caller's ctx must have one.
//
// It neither retries nor decides. Start at Cloud and its methods, a file a resource.
package awscloud
