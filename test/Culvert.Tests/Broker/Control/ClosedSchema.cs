using System.Text.Json;

namespace Culvert.Tests.Broker.Control;

/// <summary>As much of JSON Schema as docs/openapi.json uses: anything else in it is a failure, so that nothing passes unread.</summary>
internal sealed class ClosedSchema(JsonElement document)
{
    private static readonly HashSet<string> Known = ["type", "description", "additionalProperties", "required", "properties", "enum", "items", "format", "oneOf", "$ref", "propertyNames"];

    /// <summary>What is wrong with a value; nothing when it fits.</summary>
    public IEnumerable<string> Mistakes(JsonElement value, JsonElement schema, string at)
    {
        foreach (var word in schema.EnumerateObject().Where(word => !Known.Contains(word.Name)))
            yield return $"{at}: the schema says '{word.Name}', which nobody checks";
        if (schema.TryGetProperty("$ref", out var reference))
        {
            foreach (var mistake in Mistakes(value, document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]), at))
                yield return mistake;
            yield break;
        }
        if (schema.TryGetProperty("oneOf", out var choices))
        {
            if (choices.EnumerateArray().Count(choice => !Mistakes(value, choice, at).Any()) != 1)
                yield return $"{at}: not exactly one of the choices fits {value}";
            yield break;
        }
        var types = schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } several ? [.. several.EnumerateArray().Select(type => type.GetString()!)] : new[] { schema.GetProperty("type").GetString()! };
        var type = value.ValueKind switch
        {
            JsonValueKind.Null => "null",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "integer",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        if (!types.Contains(type))
        {
            yield return $"{at}: {type} instead of {string.Join(" or ", types)}";
            yield break;
        }
        if (schema.TryGetProperty("enum", out var words) && type == "string" && !words.EnumerateArray().Any(word => word.GetString() == value.GetString()))
            yield return $"{at}: '{value}' is none of {words}";
        if (schema.TryGetProperty("format", out _) && type == "string" && !value.TryGetDateTimeOffset(out _))
            yield return $"{at}: '{value}' is no time";
        foreach (var mistake in type switch { "array" => Entries(value, schema, at), "object" => Fields(value, schema, at), _ => [] })
            yield return mistake;
    }

    private IEnumerable<string> Entries(JsonElement value, JsonElement schema, string at) =>
        value.EnumerateArray().SelectMany((entry, i) => Mistakes(entry, schema.GetProperty("items"), $"{at}[{i}]"));

    private IEnumerable<string> Fields(JsonElement value, JsonElement schema, string at)
    {
        if (!schema.TryGetProperty("properties", out var properties))
            return value.EnumerateObject().SelectMany(field => Mistakes(field.Value, schema.GetProperty("additionalProperties"), $"{at}.{field.Name}"));
        var mistakes = new List<string>();
        if (schema.GetProperty("additionalProperties").ValueKind != JsonValueKind.False || schema.GetProperty("required").GetArrayLength() != properties.EnumerateObject().Count())
            mistakes.Add($"{at}: the schema isn't closed, or says of a field that it may be missing");
        mistakes.AddRange(schema.GetProperty("required").EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"{at}: '{name}' is missing"));
        foreach (var field in value.EnumerateObject())
        {
            if (properties.TryGetProperty(field.Name, out var inner))
                mistakes.AddRange(Mistakes(field.Value, inner, $"{at}.{field.Name}"));
            else
                mistakes.Add($"{at}: '{field.Name}' isn't in the schema");
        }
        return mistakes;
    }
}
