// Package signers says who has signed a statement: it reads OpenSSH's allowed_signers files and lists of
// revoked keys, and verifies signatures of ssh-keygen -Y sign against them. Verification is a function of
// the files' text, the signature, the statement and a time, so a report finds later what a worker has
// found.
//
// What a statement says and what a plan demands is internal/maintenance/signing; keys that sign are in
// the folder agent. Start at Group and Group.Check. Facts about the files are from ssh-keygen(1),
// "ALLOWED SIGNERS", and from OpenSSH's sshsig.c where the manual is silent; a test compares this package
// with ssh-keygen.
package signers
