// Package activities holds the side effects of a maintenance: one struct for each provider, and one
// activity for each call that changes or reads something. It reads before it changes, translates a
// cloud's answer into typed application errors once, and polls by failing with a next-retry delay,
// so that a history does not grow with the time that a cloud takes.
//
// It decides nothing (internal/maintenance does) and knows no cloud SDK: clouds.go has the
// interfaces that the adapters implement. Start there, and at StorageGateway and TaurusDB, whose
// activities Register names.
package activities
