// Package activities holds the side effects of a maintenance, one struct a
// provider: they look before they leap, translate what a cloud answered into
// typed application errors once, and poll by failing with a next-retry delay,
// so that a history does not grow with the time that a cloud takes.
package activities
