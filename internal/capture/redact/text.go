package redact

import "slices"

// sentences are what clouds say in documented words, without anybody's names. AWS: Storage Gateway user guide, "Error
// responses". Huawei Cloud: the API reference's error codes.
func sentences() []string {
	return []string{
		"The specified gateway is not connected.",
		"The specified gateway was not found.",
		"The specified gateway proxy network connection is busy.",
		"The specified operation is not supported.",
		"This operation is not valid for the specified gateway",
		"The specified request contains invalid parameters.",
		"The specified volume was not found.",
		"The specified volume is not ready.",
		"A gateway internal error occurred.",
		"An internal error occurred.",
		"Rate exceeded",
		"Request limit exceeded.",
		"Parameter error.",
		"The job does not exist.",
		"The DB instance does not exist.",
		"The database proxy does not exist.",
		"Another operation is being performed on the DB instance or the DB instance is faulty.",
		"The operation is not allowed in the current instance status.",
	}
}

func isSentence(text string) bool { return slices.Contains(sentences(), text) }
